"""What was meant for one model is fitted to the one that answers in its place."""

from bot.calls.fitting import fit_to_fallback
from bot.settings.core import Settings


def settings(**more: object) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[arg-type, call-arg]


def test_sizes_and_lengths_become_the_nearest() -> None:
    """Those of BOT_MODEL_SIZES and of OpenAI's models."""
    chosen = settings(aimodels_api_flavor="openai", bot_model_sizes=("small=512x512|256x256",))
    assert fit_to_fallback("image", "small", {"prompt": "p", "size": "1024x1024"}, chosen)["size"] == "512x512"
    video = fit_to_fallback("video", "sora-2", {"duration": 20, "resolution": "1920x1080"}, chosen)
    assert (video["duration"], video["resolution"]) == (12, "1280x720")
    assert fit_to_fallback("image", "unknown", {"size": "1024x1024"}, chosen) == {"size": "1024x1024"}


def test_pictures_are_left_out_for_a_model_that_sees_none() -> None:
    """The words stay."""
    parts = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": parts}]
    for model, content in (("blind", "what is this?"), ("seer", parts)):
        sent = fit_to_fallback("chat", model, {"messages": messages}, settings(bot_seeing_models=("seer",)))
        assert sent["messages"] == [messages[0], {"role": "user", "content": content}]
