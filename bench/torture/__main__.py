"""Command line: `python -m bench.torture --seconds 60 --seed 1`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.torture.campaign import Plan, Result, run_campaign
from bench.torture.checker import Verdict
from bot.settings.roles import parse_roles

#: Engines, and the roles of each process, "" for all; each gets the same share of the time.
CELLS = (("SQLite", ("",)), ("PostgreSQL", ("",)), ("PostgreSQL", ("", "")))
_EVIDENCE = 20  #: lines of evidence that are printed of each figure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all campaigns. Returns 1 where anything but the payments is wrong, else 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.torture", description="Run the service under faults.")
    parser.add_argument("--seconds", type=float, default=60, help="time of asking under faults, in all")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random choices")
    parser.add_argument("--calm", action="store_true", help="inject no faults")
    parser.add_argument("--only", default="", help="a part of the names of the campaigns to run, such as SQLite")
    parser.add_argument(
        "--layout", type=layout, default=(), help="processes with roles instead, such as receive+receive+work+work,web"
    )
    parser.add_argument("--platform", default="", help="the one platform to ask on: Slack or Discord; default both")
    parser.add_argument("--kills", type=int, default=6, help="weight of kills among the faults, most of which have 1")
    parser.add_argument("--keep", type=Path, help="folder for databases, logs and a record of each campaign")
    given = parser.parse_args(arguments)
    layouts = (("PostgreSQL", given.layout),) if given.layout else CELLS
    cells = [Plan(engine, roles, given.seed, 0) for engine, roles in layouts]
    chosen = [plan for plan in cells if given.only.lower() in plan.name.lower()]
    results = []
    print(
        "| campaign | platform | seed | questions | of them never delivered | kills | other faults | found |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
    )
    for plan in chosen:
        share = replace(
            plan,
            seconds=given.seconds / len(chosen),
            has_faults=not given.calm,
            platform=given.platform,
            kill_weight=given.kills,
            keep=given.keep and given.keep.absolute(),
        )
        print(f"{share.name}: {share.seconds:.0f} s, seed {share.seed} …", file=sys.stderr, flush=True)
        results.append(asyncio.run(run_campaign(share)))
        print_rows(results[-1])
    return report(results)


def layout(text: str) -> tuple[str, ...]:
    """The roles of each process. Raises `ValueError`."""
    return tuple(",".join(parse_roles(roles)) for roles in text.split("+"))


def print_rows(result: Result) -> None:
    """Print a campaign's rows of the table."""
    others = sum(result.faults.values()) - result.kills
    for platform, verdict in result.verdicts.items():
        asked, unheard = result.questions[platform], result.unheard[platform]
        numbers = f"{result.plan.seed} | {asked} | {unheard} | {result.kills} | {others}"
        print(f"| {result.plan.name} | {platform} | {numbers} | {verdict.figures} |", flush=True)


def report(results: Sequence[Result]) -> int:
    """Print the evidence and the last line; returns the exit status."""
    total, problems = Verdict(), []
    print()
    for result in results:
        for platform, verdict in result.verdicts.items():
            total.add(verdict, f"{result.plan.name}, {platform}")
        problems += [f"{result.plan.name}: {problem}" for problem in result.problems]
    for title, lines in (
        ("lost", total.lost),
        ("doubled", total.doubled),
        ("out of order", total.out_of_order),
        ("left over", total.left_over),
        ("context wrong", total.context_wrong),
        ("paid twice", total.paid_twice),
        ("paid again", total.paid_again),
        ("problem", problems),
    ):
        for line in lines[:_EVIDENCE]:
            print(f"{title}: {line}")
    questions = sum(sum(result.questions.values()) for result in results)
    print(f"questions {questions}, kills {sum(result.kills for result in results)}, {total.figures}", flush=True)
    found = (total.lost, total.doubled, total.out_of_order, total.left_over, total.context_wrong, problems)
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
