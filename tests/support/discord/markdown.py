"""Markdown made of what Discord treats in a way of its own."""

from hypothesis import strategies as st

PIECES = (
    *("@everyone", "@here", "<@123456789012345678>", "<@!1>", "<@&22>", "<#33>", "&lt;@&gt;", "&#64;everyone"),
    *("discord.gg/abc", "https://discord.com/invite/abc", "[a](b)", "[x](https://y.z)", "https://a.b/_c_"),
    *("[https://bank.com](https://evil.com)", "![p](https://q.r)", "<br>", "<t:1:R>", "$", "{x}", "狐狸", "。"),
    *("**", "*", "_", "~~", "||", "`", "```", "``````", "```py", "~~~", "\\", ">", "#", "-", "1.", "|", "|--|--|"),
    *("---", "\n", "\n\n", "    "),
)
MARKDOWN = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=40).map(" ".join) | st.lists(
    st.sampled_from(PIECES), max_size=40
).map("".join)
