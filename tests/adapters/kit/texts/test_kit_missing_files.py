from pathlib import Path

from adapters.kit.texts.missing_files import replace_missing_files
from bot.models import Answer, Media


def media(folder: Path, name: str, *, is_there: bool = True, url: str = "") -> Media:
    path = folder / name
    if is_there:
        path.write_bytes(b"x")
    return Media(name=name, content_type="image/png", size=1, path=path, url=url)


async def test_missing_files_become_sentences(tmp_path: Path) -> None:
    """Each missing file is named after the text; the others stay, in order."""
    one, two, three = media(tmp_path, "1.png"), media(tmp_path, "2.png", is_there=False), media(tmp_path, "3.png")
    found = await replace_missing_files(Answer(text="Look.", media=(one, two, three)), lambda name: f"No {name}.")
    assert found == Answer(text="Look.\n\nNo 2.png.", media=(one, three))


async def test_an_answer_of_missing_files_alone(tmp_path: Path) -> None:
    gone = media(tmp_path, "1.png", is_there=False)
    found = await replace_missing_files(Answer(media=(gone,)), lambda name: f"No {name}.")
    assert found == Answer(text="No 1.png.")


async def test_what_is_not_uploaded_is_not_missing(tmp_path: Path) -> None:
    """A link needs no file, and an answer with all its files is returned as it is."""
    link = media(tmp_path, "1.png", is_there=False, url="https://files.example/1.png")
    answer = Answer(text="Look.", media=(link, media(tmp_path, "2.png")))
    assert await replace_missing_files(answer, lambda name: f"No {name}.") is answer
