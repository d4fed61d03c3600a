import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commandline.flags import flags, usage_line
from bot.commandline.parser import Request, parse
from bot.models import CommandSpec, Option

PROMPT = Option(name="prompt", description="", is_prompt=True, required=True)
SPECS = (
    CommandSpec(name="chat", description="", aliases=("ask",), options=(PROMPT,), kind="chat"),
    CommandSpec(
        name="image",
        description="",
        kind="image",
        aliases=("draw",),
        example="image a red fox",
        options=(
            PROMPT,
            Option(name="size", description="", kind="choice", choices=("512x512", "1024x1024")),
            Option(name="style", description="", kind="choice", choices=("anime", "digital-art")),
            Option(name="number", short="n", description="", kind="integer", minimum=1, maximum=4),
        ),
    ),
    CommandSpec(
        name="code",
        description="",
        kind="code",
        options=(PROMPT, Option(name="language", short="l", description="", default="python")),
    ),
    CommandSpec(
        name="video",
        description="",
        kind="video",
        options=(
            PROMPT,
            Option(name="image", description="", kind="file"),
            Option(name="last", description="", kind="choice", choices=("no", "yes")),
        ),
    ),
    CommandSpec(
        name="usage",
        description="",
        options=(
            Option(name="scope", description="", kind="choice", choices=("me", "channel")),
            Option(name="days", description="", kind="number", minimum=1),
        ),
    ),
    CommandSpec(name="stop", description=""),
    CommandSpec(
        name="shots",
        description="",
        options=(
            Option(name="prompt", description="", is_prompt=True),
            Option(name="drop", description="", kind="integer", minimum=1),
        ),
    ),
)
FLAG_LIKE = re.compile(r"(^|\s)(--|—|––|－－|-[^\W\d_](\s|=|$))")
QUOTE_LIKE = "\"'`~“‘「『«"


def read(text: str) -> Request:
    return parse(text, SPECS)


@settings(deadline=None)
@given(st.text())
def test_text_without_prefix_is_untouched(text: str) -> None:
    """Text that does not begin with the prefix is a chat prompt, character for character."""
    if not text.startswith("/"):
        assert read(text) == Request(command="chat", prompt=text, options={})


@settings(deadline=None)
@given(st.text().filter(lambda text: not FLAG_LIKE.search(text) and text.strip()))
def test_prompt_without_flags_is_verbatim(prompt: str) -> None:
    """A prompt without anything like a flag is returned as typed."""
    request = read(f"/image {prompt}")
    assert (request.prompt, request.rejection, request.options) == (prompt.strip(), "", {})


@settings(deadline=None)
@given(st.text().filter(str.strip))
def test_text_after_two_dashes_is_verbatim(text: str) -> None:
    """Text after ` -- ` is returned as typed, with flags, quotes and white space."""
    assert read(f"/image --style anime -- {text}").prompt == text
    assert read(f"/image a fox -- {text}").prompt == f"a fox -- {text}"


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="`~")), st.sampled_from(["/image", "/code", "/usage", "/nothing"]))
def test_nothing_is_ever_lost(text: str, command: str) -> None:
    """A rejected request keeps the whole text as its prompt; an accepted one has a valid value for every option."""
    request = read(f"{command} {text}")
    if request.rejection:
        assert text.strip() in request.prompt
    else:
        assert request.options.get("style", "anime") in {"anime", "digital-art"}


@settings(deadline=None)
@given(
    st.permutations(["--style anime", "--size=512x512", "-n 2"]),
    st.text(st.characters(categories=["L"]), min_size=1),
    st.text(st.characters(categories=["L"]), min_size=1),
)
def test_known_flags_are_read_anywhere(given_flags: list[str], before: str, after: str) -> None:
    """Flags are found in any order before, within and after the prompt."""
    first, second, third = given_flags
    request = read(f"/image {first} {before} {second} {after} {third}")
    assert request == Request(
        command="image", prompt=f"{before} {after}", options={"style": "anime", "size": "512x512", "number": "2"}
    )


@pytest.mark.parametrize(
    ("text", "prompt", "options"),
    [
        ("/image a fox --style ANIME", "a fox", {"style": "anime"}),
        ("/Draw a fox --number=3", "a fox", {"number": "3"}),
        ("/image a fox —style anime", "a fox", {"style": "anime"}),
        ("/image 一隻狐狸 －－style anime ––size=512x512", "一隻狐狸", {"style": "anime", "size": "512x512"}),
        ("/image a fox －－ red ––very", "a fox －－ red ––very", {}),
        ("/image a fox --style 'digital-art'", "a fox", {"style": "digital-art"}),
        ("/code x --language=“c sharp”", "x", {"language": "c sharp"}),
        ('/image "a --style anime fox"', '"a --style anime fox"', {}),
        ("/image 「一隻 --style anime 狐狸」", "「一隻 --style anime 狐狸」", {}),
        ("/image don't --style anime don't", "don't don't", {"style": "anime"}),
        ("/code explain `ls --language x` please", "explain `ls --language x` please", {}),
        ("/code a\n```sh\nls --language x\n```\n--language go", "a\n```sh\nls --language x\n```", {"language": "go"}),
        ("/code a\n```sh\nls --language x", "a\n```sh\nls --language x", {}),
        ("/code explain git log --oneline please", "explain git log --oneline please", {}),
        ("/code what is git log --max-count 5", "what is git log --max-count 5", {}),
        ("/code sed -n 5p -e x", "sed -n 5p -e x", {}),
        ("/image a poster saying --size matters to all", "a poster saying --size matters to all", {}),
        ("/image one\n  two --style anime\n\nthree", "one\n  two\n\nthree", {"style": "anime"}),
        ("/image 3 -1 - 2 a-b --a/b c", "3 -1 - 2 a-b --a/b c", {}),
        ("/usage channel 7", "", {"scope": "channel", "days": "7"}),
        ("/usage 7", "", {"days": "7"}),
        ("/stop now please", "now please", {}),
        ("/video it moves --last", "it moves", {"last": "yes"}),
        ("/video --last it moves", "it moves", {"last": "yes"}),
        ("/video --last no it moves", "it moves", {"last": "no"}),
        ("/video what is --last in ls", "what is --last in ls", {}),
        ("/ask a --b c", "a --b c", {}),
        ("/image size=512x512 a fox style=anime", "a fox", {"size": "512x512", "style": "anime"}),
        ("/image a poster of size=banana in red", "a poster of size=banana in red", {}),
        ("/image e=mc2", "e=mc2", {}),
        ("/code sort by language=x", "sort by language=x", {}),
    ],
)
def test_flags_and_prompt_are_told_apart(text: str, prompt: str, options: dict[str, str]) -> None:
    """Flags and prompt are told apart, case by case."""
    request = read(text)
    assert (request.prompt, request.options, request.rejection) == (prompt, options, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/imgae a fox", ["`/imgae`", "`/image`", "`/help`"]),
        ("/zzz a fox", ["`/zzz`", "`/help`"]),
        ("/image a fox --stile anime", ["`--stile`", "`--style`", "`--size`"]),
        ("/image a fox --ar 16:9", ["`--ar`", "`--style`", "`--size`"]),
        ("/image --colour red a fox", ["`--colour`", "`--style`"]),
        ("/image a fox --style anmie", ["`anmie`", "`anime`", "`digital-art`"]),
        ("/image a fox --size=600x600", ["`600x600`", "`512x512`", "`1024x1024`"]),
        ("/image a fox -n 9", ["`-n`", "1", "4", "`9`"]),
        ("/image a fox -n two", ["`-n`", "`two`"]),
        ("/image a fox -n 1.5", ["`-n`", "`1.5`"]),
        ("/image a fox -n nan", ["`-n`", "`nan`"]),
        ("/image a fox --style", ["`--style`", "anime|digital-art"]),
        ("/image --style anime", ["Tell me", "/image a red fox"]),
        ("/image", ["Tell me", "/image a red fox"]),
        ("/image a fox size=banana", ["`--size`", "`banana`", "`512x512`"]),
        ("/usage chanel", ["`chanel`", "`channel`", "`me`"]),
        ("/usage --days 0", ["`--days`", "1", "`0`"]),
        ("/stop --all", ["`/stop`", "`--all`"]),
    ],
)
def test_problems_say_what_is_allowed(text: str, expected: list[str]) -> None:
    """An error names the mistake, the allowed values and the nearest match; the text stays."""
    request = read(text)
    assert [word for word in expected if word not in request.rejection] == []
    assert text.removeprefix("/").partition(" ")[2] in request.prompt


def test_problem_is_in_the_persons_language() -> None:
    """Error messages are in the language of the locale."""
    assert "可用" in parse("/image a fox --style x", SPECS, locale="zh-TW").rejection


def test_wrong_words_can_not_break_out_of_their_quotation() -> None:
    """Quoted input in error messages is short and has no backticks."""
    problem = read(f"/image a --style=`@everyone`{'x' * 500}").rejection
    assert "`@everyone" not in problem
    assert len(problem) < 300


@pytest.mark.parametrize("text", ["/usr/bin/python fails", "/ x", "//image a", "/7 x", "/image,x"])
def test_not_every_slash_is_a_command(text: str) -> None:
    """A slash without a word behind it is ordinary text."""
    assert read(text) == Request(prompt=text, options={})


def test_files_are_listed() -> None:
    """The values of file options are also in `files`."""
    request = read("/video slow pan --image 'my fox.png'")
    assert (request.files, request.options) == (("my fox.png",), {"image": "my fox.png"})


@pytest.mark.parametrize(
    ("text", "command", "prompt"),
    [
        ("image a red fox --style anime", "image", "a red fox"),
        ("Image: a red fox?", "image", "a red fox?"),
        ("image：一隻狐狸", "image", "一隻狐狸"),
        ("code: quicksort", "code", "quicksort"),
        ("code quicksort --language rust", "code", "quicksort"),
        ("code what does --language rust do?", "chat", None),
        ("stop", "stop", ""),
        ("Stop!", "stop", ""),
        ("please stop.", "stop", ""),
        ("stop, please", "stop", ""),
        ("stop?", "chat", None),
        ("please stop that", "chat", None),
        ("usage channel", "usage", ""),
        ("shots --drop 2", "shots", ""),
        ("/image a fox", "image", "a fox"),
        ("image quality or size, which matters?", "chat", None),
        ("image", "chat", None),
        ("code is broken again", "chat", None),
        ("stop telling me that", "chat", None),
        ("usage of drugs", "chat", None),
        ("shots of whisky are too small", "chat", None),
        ("shots of whisky --drop 2", "chat", None),
        ("imagine a fox", "chat", None),
        ("hello", "chat", None),
    ],
)
def test_commands_in_a_mention(text: str, command: str, prompt: str | None) -> None:
    """Without the prefix, text is a command only if it can hardly mean anything else."""
    request = parse(text, SPECS, bare=True)
    assert (request.command, request.prompt) == (command, text if prompt is None else prompt)
    assert not request.rejection


def test_other_prefixes() -> None:
    """The prefix may be any text, and error messages use it."""
    assert parse("!image a fox", SPECS, prefix="!").prompt == "a fox"
    assert "`!image`" in parse("!imagine a fox", SPECS, prefix="!").rejection


def test_the_usage_line_names_every_option() -> None:
    """The usage line names every option of a command."""
    line = usage_line(SPECS[1])
    assert line == "/image <prompt> [--size 512x512|1024x1024] [--style anime|digital-art] [-n 1-4]"
    assert usage_line(SPECS[3]) == "/video <prompt> [--image <file>] [--last]"
    plus = Option(name="plus", description="Added.", kind="integer", minimum=-99, maximum=99)
    assert usage_line(CommandSpec(name="roll", description="Roll.", options=(plus,))) == "/roll [--plus -99…99]"
    assert [name for name, _ in flags(SPECS[1])] == ["--size", "--style", "--number", "-n"]


@pytest.mark.parametrize(("size", "near"), [("100x100", "512x512"), ("900", "1024x1024"), ("600×400", "512x512")])
def test_a_wrong_size_names_the_nearest(size: str, near: str) -> None:
    """Nearest in pixels, not in letters."""
    assert f"Did you mean `{near}`?" in read(f"/image a fox --size {size}").rejection


def test_a_prefix_alone_is_no_question() -> None:
    """It is answered with one sentence, and nothing is asked of a model."""
    assert "/help" in read(" / ").rejection
    assert read("/ two").rejection == ""


@pytest.mark.parametrize("style", ["動漫", "动漫", "Anime"])
def test_a_choice_may_be_written_in_the_persons_language(style: str) -> None:
    """What menus call a choice is taken where it is typed, too."""
    assert read(f"/image 狐狸 --style {style}").options == {"style": "anime"}
