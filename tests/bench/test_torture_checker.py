"""The checker of the torture campaign, on invented histories."""

from dataclasses import replace

import pytest

from bench.torture.checker import Verdict, judge
from bench.torture.history import Call, History, Injected, Question, Shown, Turn, answer_to, turn_of

ONE, TWO, THREE = "q00000001", "q00000002", "q00000003"
LONG = "q00000008"


def question(token: str, conversation: str = "c", *before: str, **more: str | bool) -> Question:
    return Question(token, conversation, before, **more)  # type: ignore[arg-type]


def shown(text: str, conversation: str = "c", **more: bool) -> Shown:
    return Shown(conversation, text, **more)


def call(token: str, *turns: tuple[str, str], **more: bool) -> Call:
    return Call(token, [turn_of(role, text) for role, text in turns], **more)


def history(*questions: Question, see: list[Shown], calls: list[Call] | None = None) -> History:
    return History(list(questions), see, calls or [])


def figures(verdict: Verdict) -> dict[str, int]:
    """The figures that are not zero."""
    found = (pair.rpartition(" ") for pair in verdict.figures.split(", "))
    return {name: int(number) for name, _, number in found if int(number)}


def test_a_good_history_has_no_fault() -> None:
    """Answers in order, a sentence instead of one, and a platform's own refusal."""
    questions = [question(ONE), question(TWO, "c", ONE), question(THREE, "d"), question(LONG, "e", is_refused=True)]
    see = [shown(answer_to(ONE)), shown(answer_to(TWO)), shown("The AI service can't be reached.", "d")]
    calls = [
        call(ONE, ("system", "be kind"), ("user", ONE)),
        call(TWO, ("user", ONE), ("assistant", answer_to(ONE)), ("user", TWO)),
    ]
    assert figures(judge(history(*questions, see=see, calls=calls))) == {}


def test_the_figures_are_named_as_in_the_last_line() -> None:
    """All of them, in their order."""
    assert Verdict().figures == (
        "lost 0, doubled 0, out of order 0, left over 0, context wrong 0, paid twice 0, paid again 0"
    )


def test_an_answer_in_several_messages_is_one_answer() -> None:
    """A long one is put together from its pieces."""
    text = answer_to(LONG)
    half = text.index(f"{LONG}/60")
    assert figures(judge(history(question(LONG), see=[shown(text[:half]), shown(text[half:])]))) == {}


def test_pieces_in_the_wrong_order_are_seen() -> None:
    """The same pieces the other way round."""
    text = answer_to(LONG)
    half = text.index(f"{LONG}/60")
    verdict = judge(history(question(LONG), see=[shown(text[half:]), shown(text[:half])]))
    assert figures(verdict) == {"out of order": 1}


@pytest.mark.parametrize(
    ("see", "wrong"),
    [
        ([], {"lost": 1}),
        ([shown(answer_to(ONE).partition("/end")[0])], {"lost": 1}),
        ([shown("Thinking…", is_unfinished=True)], {"lost": 1, "left over": 1}),
        ([shown(answer_to(ONE)), shown(answer_to(ONE))], {"doubled": 1}),
        ([shown(answer_to(ONE)), shown("Sorry, it was not asked.")], {"doubled": 1}),
        ([shown("Sorry."), shown("Sorry.")], {"doubled": 1}),
        ([shown(answer_to(ONE)), shown("Thinking…", is_unfinished=True)], {"left over": 1}),
        ([shown("I go on by myself.", is_promise=True), shown(answer_to(ONE))], {}),
        ([shown("I go on by myself.", is_promise=True)], {"lost": 1}),
        ([shown(answer_to(ONE)), shown("hello", "")], {"left over": 1}),
        ([shown(answer_to(ONE)), shown("hello", "elsewhere")], {"left over": 1}),
    ],
)
def test_one_question_has_one_visible_end(see: list[Shown], wrong: dict[str, int]) -> None:
    """Nothing, half of it, twice, an answer and an error, and what is no end at all."""
    assert figures(judge(history(question(ONE), see=see))) == wrong


def test_an_answer_in_another_conversation_is_lost_here_and_too_much_there() -> None:
    """Right words in the wrong place."""
    verdict = judge(
        history(question(ONE), question(TWO, "d"), see=[shown(answer_to(ONE), "d"), shown(answer_to(TWO), "d")])
    )
    assert figures(verdict) == {"lost": 1, "doubled": 1}


def test_a_sentence_ends_the_question_that_needs_an_end() -> None:
    """One of two unanswered questions was never delivered: the sentence is the other one's, or one too many."""
    questions = question(ONE, is_unheard=True), question(TWO)
    sentence = shown("The AI service can't be reached.")
    assert figures(judge(history(*questions, see=[sentence]))) == {}
    assert figures(judge(history(*questions, see=[]))) == {"lost": 1}


def test_answers_stand_in_the_order_of_the_questions() -> None:
    """The second one's above the first one's."""
    verdict = judge(history(question(ONE), question(TWO), see=[shown(answer_to(TWO)), shown(answer_to(ONE))]))
    assert figures(verdict) == {"out of order": 1}


def test_an_answer_may_precede_one_to_a_question_that_was_received_later() -> None:
    """The platform sent the first question again after the second had been received."""
    questions = question(ONE), question(TWO)
    see = [shown(answer_to(TWO)), shown(answer_to(ONE))]
    questions[0].received_at, questions[1].received_at = 2.0, 1.0
    assert figures(judge(history(*questions, see=see))) == {}


def test_an_edit_replaces_the_answer_or_comes_too_late() -> None:
    """One of the two answers is there; not both, and not none."""
    questions = question(ONE), question(TWO, edited_from=ONE)
    assert figures(judge(history(*questions, see=[shown(answer_to(TWO))]))) == {}
    assert figures(judge(history(*questions, see=[shown(answer_to(ONE))]))) == {}
    assert figures(judge(history(*questions, see=[shown(answer_to(ONE)), shown(answer_to(TWO))]))) == {"doubled": 1}
    assert figures(judge(history(*questions, see=[]))) == {"lost": 1}


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((("user", ONE), ("assistant", answer_to(ONE)), ("user", ONE), ("user", TWO)), "twice"),
        ((("user", TWO), ("user", ONE)), "not the last"),
        ((("user", THREE), ("user", TWO)), "another conversation"),
        ((("user", TWO),), "missing"),
        ((("assistant", answer_to(ONE)), ("user", ONE), ("user", TWO)), "does not follow"),
        (
            (("user", ONE), ("assistant", answer_to(ONE)), ("assistant", answer_to(ONE)), ("user", TWO)),
            "an answer twice",
        ),
        ((("user", ONE), ("user", TWO)), ""),
    ],
)
def test_the_model_is_told_each_turn_once_in_order(turns: tuple[tuple[str, str], ...], reason: str) -> None:
    """A turn twice, missing, from elsewhere, or in another order."""
    questions = question(ONE), question(TWO, "c", ONE), question(THREE, "d")
    see = [shown(answer_to(ONE)), shown(answer_to(TWO)), shown(answer_to(THREE), "d")]
    verdict = judge(history(*questions, see=see, calls=[call(TWO, *turns)]))
    assert figures(verdict) == ({"context wrong": 1} if reason else {})
    assert reason in "".join(verdict.context_wrong)


def test_questions_out_of_order_in_the_context_are_seen() -> None:
    """The third one's request has the second before the first."""
    questions = question(ONE), question(TWO), question(THREE)
    see = [shown(answer_to(token)) for token in (ONE, TWO, THREE)]
    turns = ("user", TWO), ("user", ONE), ("user", THREE)
    assert figures(judge(history(*questions, see=see, calls=[call(THREE, *turns)]))) == {"context wrong": 1}


@pytest.mark.parametrize(
    ("kill", "outage", "processes", "wrong"),
    [
        (None, None, 1, "paid twice"),
        (10.5, None, 1, "paid again"),  # during the first call
        (11.8, None, 1, "paid again"),  # before its answer was stored
        (12.5, None, 1, "paid twice"),
        (12.5, 11.0, 1, "paid again"),  # while the database was away
        (None, 11.0, 1, "paid twice"),
        (None, 11.0, 2, "paid again"),  # another process took the question over
    ],
)
def test_a_question_is_paid_once(kill: float | None, outage: float | None, processes: int, wrong: str) -> None:
    """What the API itself failed at costs nothing; what a kill or a lost database took away is counted on its own."""
    first = replace(call(ONE, ("user", ONE)), began_at=10.0, ended_at=11.0)
    second = replace(first, began_at=14.0, ended_at=15.0)
    see = [shown(answer_to(ONE))]
    failed = replace(first, is_failed=True)
    assert figures(judge(history(question(ONE), see=see, calls=[failed, second]))) == {}
    record = history(question(ONE), see=see, calls=[first, second])
    record.kills = [Injected("kill", kill, kill)] if kill else []
    record.outages = [Injected("disk full", outage, outage + 1)] if outage else []
    record.processes = processes
    assert figures(judge(record)) == {wrong: 1}


def test_verdicts_add_up() -> None:
    """With the place each was found in."""
    total = Verdict()
    total.add(judge(history(question(ONE), see=[])), "Slack")
    total.add(judge(history(question(TWO), see=[])), "Discord")
    assert figures(total) == {"lost": 2}
    assert [line.partition(":")[0] for line in total.lost] == ["Slack", "Discord"]


def test_a_turn_is_known_by_its_marks() -> None:
    """Answers by their numbered marks, questions by their tokens."""
    assert turn_of("assistant", answer_to(ONE)) == Turn("assistant", (ONE,), (1, 2, 3, 4))
    assert turn_of("user", f"Ada: {ONE} what? {TWO}") == Turn("user", (ONE, TWO))
