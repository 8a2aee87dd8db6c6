#!/usr/bin/env python3
"""Measures banyan beside yardsticks, in the same run. tools/bench builds what this needs.

A wrong answer, or a program that fails, ends it with a message and status 1; figures never do.
"""

import argparse
import os
import signal
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is

import report  # noqa: E402
from measure import BenchError, Machine  # noqa: E402
from rows import ROWS, SCALES, Bench  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these: " + ", ".join(ROWS))
    parser.add_argument("--quick", dest="scale", action="store_const", const="quick",
                        help="fewer rounds")
    parser.add_argument("--full", dest="scale", action="store_const", const="full",
                        help="more rounds, and 100 million numbers for the other programs, too")
    parser.add_argument("--tiny", dest="scale", action="store_const", const="tiny",
                        help="sizes that only show that everything works")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seed", type=int, default=1, help="of the numbers (1)")
    parser.add_argument("--programs", default="build-bench/bin", metavar="DIR",
                        help="where banyan and the programs of the bench are")
    arguments = parser.parse_args()
    for row in arguments.rows:
        if row not in ROWS:
            parser.error(f"no such row: {row}; there are {', '.join(ROWS)}")
    return arguments


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run_rows(bench, names, as_json):
    results = []
    for name in names:
        show_progress(f"{name} ...")
        for result in ROWS[name](bench):
            results.append(result)
            if not as_json:
                show_progress("")
                report.print_result(result)
                sys.stdout.flush()
    show_progress("")
    return results


def interrupted(number, _frame):
    raise SystemExit(128 + number)


def main():
    arguments = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    # short names in a directory of its own, because a socket's path has room for 107 bytes only
    with tempfile.TemporaryDirectory(prefix="bench.") as directory:
        machine = Machine(os.path.abspath(arguments.programs), directory)
        try:
            about = report.about_machine(machine)
            about["seed"] = arguments.seed
            about["scale"] = arguments.scale or "normal"
            if not arguments.json:
                report.print_head(about)
            bench = Bench(machine, SCALES[about["scale"]], arguments.seed)
            results = run_rows(bench, arguments.rows or ROWS, arguments.json)
            if arguments.json:
                report.print_json(about, results)
        finally:
            machine.stop()


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
