"""Judges a history: what was lost, doubled, out of order, left over, told wrongly to the model, paid twice.

Reads nothing but the history, and knows nothing of the service.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from bench.torture.history import Call, History, Question, Shown, ends_in, marks_in


@dataclass(slots=True)
class Verdict:
    """What is wrong, one line of evidence each."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    context_wrong: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)

    def add(self, other: "Verdict", prefix: str) -> None:
        """Add another verdict's evidence."""
        for one in fields(self):
            getattr(self, one.name).extend(f"{prefix}: {line}" for line in getattr(other, one.name))

    @property
    def figures(self) -> str:
        """The numbers in one line."""
        return ", ".join(f"{one.name.replace('_', ' ')} {len(getattr(self, one.name))}" for one in fields(self))


def judge(history: History) -> Verdict:
    """Judge a history."""
    verdict = Verdict(left_over=list(history.left_over))
    asked: dict[str, list[Question]] = defaultdict(list)
    for question in history.questions:
        asked[question.conversation].append(question)
    shown: dict[str, list[Shown]] = defaultdict(list)
    for message in history.shown:
        shown[message.conversation].append(message)
    for message in shown.pop("", []):
        verdict.left_over.append(f"nobody's: {_short(message)}")
    for conversation, questions in asked.items():
        _judge_conversation(verdict, questions, shown.pop(conversation, []))
    verdict.left_over.extend(f"no question there: {_short(one)}" for rest in shown.values() for one in rest)
    _judge_calls(verdict, asked, history.calls)
    return verdict


def _judge_conversation(verdict: Verdict, questions: Sequence[Question], shown: Sequence[Shown]) -> None:
    text = "\n".join(message.text for message in shown)
    marks, ends = marks_in(text), ends_in(text)
    replaced = {question.edited_from for question in questions}
    expected = [question for question in questions if question.token not in replaced]
    known = {question.token for question in expected}
    unanswered: list[Question] = []
    for question in expected:
        if question.edited_from and question.token not in ends and question.edited_from in ends:
            known.add(question.edited_from)  # the edit came too late
            token = question.edited_from
        else:
            token = question.token
        numbers = [number for found, number in marks if found == token]
        if not _is_whole(verdict, token, numbers, ends.get(token, 0)):
            unanswered.append(question)
    for token in dict.fromkeys(token for token, _ in marks if token not in known):
        kind = "the answer before an edit is still there" if token in replaced else "answered in another place"
        verdict.doubled.append(f"{token}: {kind}")
    _judge_order(verdict, expected, [token for token, _ in marks])
    ends_nothing = [message.is_unfinished or message.is_promise or bool(marks_in(message.text)) for message in shown]
    notices = [message for message, is_none in zip(shown, ends_nothing, strict=True) if not is_none]
    verdict.left_over.extend(f"unfinished: {_short(message)}" for message in shown if message.is_unfinished)
    told = len(notices)
    for question in unanswered:
        if told:
            told -= 1
        elif not question.is_refused:
            verdict.lost.append(f"{question.token}: in {question.conversation}")
    verdict.doubled.extend(f"told once more than asked: {_short(one)}" for one in notices[len(notices) - told :])


def _is_whole(verdict: Verdict, token: str, numbers: Sequence[int], last: int) -> bool:
    """Whether the whole answer is there, once or more often."""
    counts = Counter(numbers)
    if any(count > 1 for count in counts.values()):
        verdict.doubled.append(f"{token}: marks more than once")
    elif list(numbers) != sorted(numbers):
        verdict.out_of_order.append(f"{token}: the pieces of its answer")
    return bool(last) and counts.keys() >= set(range(1, last + 1))


def _judge_order(verdict: Verdict, questions: Sequence[Question], tokens: Sequence[str]) -> None:
    first = {token: at for at, token in reversed(list(enumerate(tokens)))}
    newest = -1
    for question in questions:
        at = first.get(question.token, newest)
        if at < newest:
            verdict.out_of_order.append(f"{question.token}: above an earlier question's answer")
        newest = max(newest, at)


def _judge_calls(verdict: Verdict, asked: dict[str, list[Question]], calls: Sequence[Call]) -> None:
    by_token = {question.token: question for questions in asked.values() for question in questions}
    places = {question.token: n for questions in asked.values() for n, question in enumerate(questions)}
    paid = Counter(call.token for call in calls if not call.is_failed)
    cut = Counter(call.token for call in calls if not call.is_failed and call.is_interrupted)
    verdict.paid_twice.extend(
        f"{token}: {count} times, {cut[token]} of them interrupted" for token, count in paid.items() if count > 1
    )
    for call in calls:
        question = by_token.get(call.token)
        if question is not None and (reason := _context_error(call, question, by_token, places)):
            verdict.context_wrong.append(f"{call.token} in {question.conversation}: {reason}")


def _context_error(call: Call, question: Question, by_token: dict[str, Question], places: dict[str, int]) -> str:
    """What is wrong with the turns that the model was given; "" if nothing."""
    said = [token for turn in call.turns if turn.role == "user" for token in turn.tokens]
    if not said or said[-1] != question.token or len(said) != len(set(said)):
        return "the question is not the last turn, or a question twice"
    if any(token not in by_token or by_token[token].conversation != question.conversation for token in said):
        return "another conversation's question"
    if [places[token] for token in said] != sorted(places[token] for token in said):
        return "questions out of order"
    replaced = {one.edited_from for one in by_token.values()}
    if missing := set(question.answered_before) - set(said) - replaced:
        return f"earlier questions are missing: {', '.join(sorted(missing))}"
    return _answers_error(call)


def _answers_error(call: Call) -> str:
    """What is wrong with the answers among the turns: each follows its question, once; "" if nothing."""
    before, seen = "", set[int]()
    for turn in call.turns:
        if turn.role == "user" and turn.tokens:
            before, seen = turn.tokens[-1], set()
        elif turn.role == "assistant" and turn.tokens:
            if turn.tokens != (before,):
                return "an answer that does not follow its question"
            if seen & set(turn.marks):
                return "an answer twice"
            seen |= set(turn.marks)
    return ""


def _short(message: Shown) -> str:
    return f"{message.conversation}: {message.text[:80]!r}"
