"""Detection of encodings: correct, or refused."""

from collections.abc import Sequence

import pytest

from bot.conversation.charset import decode_text

TRADITIONAL = (
    "請問明天的會議幾點開始？我們需要準備上個月的銷售報告，還有客戶名單。昨天下雨，所以比賽延期了。"
    "請把附件裡的資料整理成表格，謝謝大家的幫忙！台北市今天多雲時晴，氣溫二十五度。"
)
SIMPLIFIED = (
    "请问明天的会议几点开始？我们需要准备上个月的销售报告，还有客户名单。昨天下雨，所以比赛延期了。"
    "请把附件里的资料整理成表格，谢谢大家的帮忙！北京市今天多云转晴，气温二十五度。"
)
HONG_KONG = "佢哋喺香港食咗飯，今日嘅天氣好好，我哋一齊去行山啦。唔該你幫我睇下呢份文件。"
JAPANESE = (
    "明日の会議は何時に始まりますか。先月の売上報告と顧客リストを用意してください。"
    "昨日は雨が降ったので、試合は延期されました。東京は今日は晴れ時々曇りです。"
)
KOREAN = "내일 회의는 몇 시에 시작합니까? 지난달 매출 보고서와 고객 명단을 준비해 주세요. 어제는 비가 왔습니다."
FRENCH = "L’été dernier, une élève naïve a aperçu là-bas une façade… « déjà vue » – à Noël, coûte 5 €."
GERMAN = "Größe und Länge müssen überprüft werden, sonst fällt die Übung für Jürgen aus."
RUSSIAN = "Здравствуйте, во сколько завтра начинается собрание?"


def pieces(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text) - length + 1, 3)]


@pytest.mark.parametrize("length", [6, 12, 30])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "cp950"),
        (SIMPLIFIED, "gb2312"),
        (SIMPLIFIED, "gb18030"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (FRENCH, "cp1252"),
        (GERMAN, "cp1252"),
    ],
)
def test_a_few_characters_identify_an_old_encoding(text: str, encoding: str, length: int) -> None:
    """Any six consecutive characters are enough."""
    for piece in pieces(text, length):
        assert decode_text(piece.encode(encoding), is_whole=True) == piece


@pytest.mark.parametrize(("text", "encoding", "length"), [(HONG_KONG, "big5hkscs", 12), (KOREAN, "cp949", 30)])
def test_rare_characters_need_a_sentence(text: str, encoding: str, length: int) -> None:
    """Hong Kong's characters are not among the common ones, and Korean ones overlap Chinese ones."""
    for piece in pieces(text, length):
        assert decode_text(piece.encode(encoding), is_whole=True) == piece


@pytest.mark.parametrize("text", [TRADITIONAL, SIMPLIFIED, JAPANESE, KOREAN, FRENCH, RUSSIAN])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_identified_by_mark_or_form(text: str, encoding: str) -> None:
    """Even the shortest text is identified; the mark is not part of the text."""
    for piece in (text[:1], text[:2], text):
        assert decode_text(piece.encode(encoding), is_whole=True) == piece


@pytest.mark.parametrize("text", [TRADITIONAL, SIMPLIFIED, JAPANESE, KOREAN, FRENCH, RUSSIAN])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_mark_or_line_ends(text: str, encoding: str) -> None:
    """UTF-16 of both byte orders is identified by its mark, or by line ends."""
    assert decode_text(("\ufeff" + text).encode(encoding), is_whole=True) == text
    assert decode_text(f"1\n{text}\n2\n".encode(encoding), is_whole=True) == f"1\n{text}\n2\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "big5"),
        (SIMPLIFIED, "gb18030"),
        (JAPANESE, "cp932"),
        (TRADITIONAL, "utf-8"),
        (TRADITIONAL, "utf-16"),
    ],
)
def test_a_beginning_may_end_within_a_character(text: str, encoding: str) -> None:
    """A cut within the last character does not matter."""
    data = text.encode(encoding)
    for end in range(len(data) - 8, len(data)):
        found = decode_text(data[:end], is_whole=False)
        assert found
        assert text.startswith(found.rstrip("\ufffd"))


def test_a_stray_byte_does_no_harm_to_utf_8() -> None:
    """A line of another encoding in a log leaves the rest intact."""
    text = decode_text(TRADITIONAL.encode() + b"\xe9\n" + SIMPLIFIED.encode(), is_whole=True)
    assert text == f"{TRADITIONAL}\ufffd\n{SIMPLIFIED}"


SENTENCES = [
    (RUSSIAN, ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")),
    ("Καλημέρα, τι ώρα είναι η συνάντηση αύριο; Θα τα πούμε στο γραφείο.", ("cp1253", "iso8859-7")),
    ("שלום, מתי הפגישה מחר? ניפגש במשרד בקומה השלישית.", ("cp1255", "iso8859-8")),
    ("مرحبا، متى الاجتماع غدا؟ سنلتقي في المكتب في الطابق الثالث.", ("cp1256", "iso8859-6")),
    ("สวัสดี พรุ่งนี้ประชุมกี่โมง เราจะพบกันที่สำนักงานชั้นสาม", ("tis-620", "cp874")),
    ("Merhaba, yarın toplantı saat kaçta? Üçüncü kattaki ofiste buluşacağız.", ("cp1254", "iso8859-9")),
    ("Dzień dobry, o której jutro jest zebranie? Proszę przynieść zeszły raport.", ("cp1250", "iso8859-2")),
    ("Bonjour, à quelle heure est la réunion ? Ça a été très agréable.", ("cp850", "mac-roman")),
    (JAPANESE, ("iso2022_jp",)),
    (KOREAN, ("johab", "iso2022_kr")),
]


@pytest.mark.parametrize(("text", "encodings"), SENTENCES)
def test_a_sentence_of_any_language_identifies_its_old_encodings(text: str, encodings: Sequence[str]) -> None:
    """Statistics of languages tell the encodings of Windows, ISO, DOS and Apple apart."""
    for encoding in encodings:
        assert decode_text(text.encode(encoding), is_whole=True) == text, encoding


def test_most_beginnings_identify_their_encoding() -> None:
    """Of 72, of 24 encodings and 20 characters, 40 or a sentence, at least 62: a few letters of a language are few."""
    known = [(text, encoding) for text, encodings in SENTENCES[:-2] for encoding in encodings]
    known += [(FRENCH, "cp1252"), (GERMAN, "cp1252"), (TRADITIONAL, "big5"), (SIMPLIFIED, "gb18030")]
    known += [(JAPANESE, "cp932")]
    beginnings = [(text[:length], encoding) for text, encoding in known for length in (20, 40, None)]
    right = sum(decode_text(text.encode(encoding), is_whole=True) == text for text, encoding in beginnings)
    assert (len(beginnings), right >= 62) == (72, True), right


@pytest.mark.parametrize("data", [bytes(range(128, 256)), bytes(range(255, 127, -1)) * 3, b"\x9d\x81\x8f\xfe" * 9])
def test_an_undetectable_encoding_is_refused(data: bytes) -> None:
    """An undetectable encoding yields None, not wrong characters."""
    assert decode_text(data, is_whole=True) is None


def test_an_empty_file_is_text() -> None:
    """An empty file is an empty text, not one of unknown encoding."""
    assert decode_text(b"", is_whole=True) == ""
