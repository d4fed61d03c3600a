"""Coverage-guided fuzzing of the parsers: `make fuzz SECONDS=60`, or `python -m bench.fuzz TARGET --seconds 60`.

Atheris changes inputs so that they reach code that no input has reached. An input that raises an error which the parser
does not promise is written to the folder `fuzz/`, and the run ends with status 1. Each target runs in a process.
Atheris has wheels for Linux and CPython 3.11 to 3.13; elsewhere the tests with hypothesis stand alone.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from bench.fuzz.targets import SEEDS, TARGETS

FOLDER = Path("fuzz")
_LONGEST = 2000  #: bytes of an input


def main() -> int:
    """Run the targets one after the other, or one of them in this process."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="Fuzz the parsers.")
    parser.add_argument("target", nargs="?", choices=[*TARGETS], help="default: all, one after the other")
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    given = parser.parse_args()
    if given.target is None:
        command = [sys.executable, "-m", "bench.fuzz", "--seconds", str(given.seconds)]
        return max(subprocess.run([*command, target], check=False).returncode != 0 for target in TARGETS)
    return _fuzz(given.target, given.seconds)


def _fuzz(target: str, seconds: int) -> int:
    try:
        import atheris
    except ImportError:
        print("Not fuzzed: install atheris (pip install atheris), which has wheels for Linux.", file=sys.stderr)
        return 2
    corpus = FOLDER / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]):
        (corpus / f"seed-{number}").write_bytes(seed)
    for seed in SEEDS[target]:
        TARGETS[target](seed)  # imports what is to be instrumented
    atheris.instrument_all()
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        f"-artifact_prefix={FOLDER}/{target}-",
        "-timeout=10",
    ]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(corpus)], TARGETS[target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
