"""Judges a history: what was lost, doubled, out of order, left over, told wrongly to the model, paid twice.

Reads nothing but the history, and knows nothing of the service. Four things that no service can avoid are no faults:

- A question that the platform itself refused, or that only a killed process had and the platform sends to no other: it
  may stay without an answer, or be answered late.
- An API call that was under way when its process was killed, or whose answer was not stored yet. The API has no way to
  fetch an answer again: it is "paid again". So is one whose process lost its database, and with it the question to
  another process. A request that is paid more than once for any other reason is "paid twice".
- An answer above that to an earlier question which the platform sent again, and later: nobody knew of it before. With
  several processes also one above that to a question which another process was just receiving.
- A sentence that says that the service goes on by itself: it is no end.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from bench.torture.history import Call, History, Question, Shown, ends_in, marks_in

_KILLED = 0.2  #: seconds that a process may live on after its kill was noted
_STORED = 1.0  #: seconds in which an answer is stored, beside other work on the machine
_RECOVERED = 3.0  #: seconds in which it is stored after the database was away


@dataclass(slots=True)
class Verdict:
    """The faults, one line of evidence each."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    context_wrong: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)
    paid_again: list[str] = field(default_factory=list)  #: because of a kill or a lost database

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
        said = shown.pop(conversation, [])
        _judge_conversation(verdict, questions, said)
        tokens = [token for token, _ in marks_in("\n".join(message.text for message in said))]
        _judge_order(verdict, questions, tokens, has_peers=history.processes > 1)
    verdict.left_over.extend(f"no question there: {_short(one)}" for rest in shown.values() for one in rest)
    _judge_calls(verdict, asked, history.calls)
    _judge_payments(verdict, history)
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
    ends_nothing = [message.is_unfinished or message.is_promise or bool(marks_in(message.text)) for message in shown]
    notices = [message for message, is_none in zip(shown, ends_nothing, strict=True) if not is_none]
    verdict.left_over.extend(f"unfinished: {_short(message)}" for message in shown if message.is_unfinished)
    told = len(notices)
    for question in sorted(unanswered, key=_is_excused):  # a sentence ends first what needs an end
        if told:
            told -= 1
        elif not _is_excused(question):
            verdict.lost.append(f"{question.token}: in {question.conversation}")
    verdict.doubled.extend(f"told once more than asked: {_short(one)}" for one in notices[len(notices) - told :])


def _is_excused(question: Question) -> bool:
    """Whether a question may stay without an answer."""
    return question.is_refused or question.is_unheard


def _is_whole(verdict: Verdict, token: str, numbers: Sequence[int], last: int) -> bool:
    """Whether the whole answer is there, once or more often."""
    counts = Counter(numbers)
    if any(count > 1 for count in counts.values()):
        verdict.doubled.append(f"{token}: marks more than once")
    elif list(numbers) != sorted(numbers):
        verdict.out_of_order.append(f"{token}: the pieces of its answer")
    return bool(last) and counts.keys() >= set(range(1, last + 1))


def _judge_order(verdict: Verdict, questions: Sequence[Question], tokens: Sequence[str], *, has_peers: bool) -> None:
    first = {token: at for at, token in reversed(list(enumerate(tokens)))}
    answered = [question for question in questions if question.token in first]
    for number, question in enumerate(answered):
        known_at = question.sent_at if has_peers else question.received_at
        if any(
            first[question.token] < first[before.token] and known_at >= before.received_at
            for before in answered[:number]
            if not before.is_unheard
        ):
            verdict.out_of_order.append(f"{question.token}: above an earlier question's answer")


def _judge_calls(verdict: Verdict, asked: dict[str, list[Question]], calls: Sequence[Call]) -> None:
    by_token = {question.token: question for questions in asked.values() for question in questions}
    places = {question.token: n for questions in asked.values() for n, question in enumerate(questions)}
    for call in calls:
        question = by_token.get(call.token)
        if question is not None and (reason := _context_error(call, question, by_token, places)):
            verdict.context_wrong.append(f"{call.token} in {question.conversation}: {reason}")


def _judge_payments(verdict: Verdict, history: History) -> None:
    calls: dict[str, list[Call]] = defaultdict(list)
    for call in history.calls:
        if not call.is_failed:
            calls[call.token].append(call)
    for token, paid in calls.items():
        if len(paid) > 1:
            reasons = [_reason_to_pay_again(call, history) for call in paid[:-1]]
            found = verdict.paid_again if all(reasons) else verdict.paid_twice
            found.append(f"{token}: {len(paid)} times: {', '.join(reason or 'no reason' for reason in reasons)}")


def _reason_to_pay_again(call: Call, history: History) -> str:
    """The reason why the answer to a call could not be kept; "" if it could."""
    stored_at = call.ended_at + _STORED
    for outage in history.outages:
        if outage.began_at <= stored_at and call.began_at <= outage.ended_at + _RECOVERED:
            if history.processes > 1:
                return "the database was away"
            stored_at = max(stored_at, outage.ended_at + _RECOVERED)
    if any(call.began_at - _KILLED <= kill.began_at <= stored_at for kill in history.kills):
        return "killed"
    return ""


def _context_error(call: Call, question: Question, by_token: dict[str, Question], places: dict[str, int]) -> str:
    """The fault of the turns that the model was given; "" if there is none."""
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
    """The fault of the answers among the turns: each follows its question, once; "" if nothing."""
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
