#!/usr/bin/env python3
"""test_bench.py PROGRAMS: runs the bench at sizes that only show that it works. Times are not
judged."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = ""  # the argument
ROWS = """bulk bulk-piped others batch batch-deep single hops create-root create-tree create-chain
          crowd pingall-2 pingall-5 pingall-20 memory""".split()
WRONG = """#!/bin/sh
# banyan, but for one digit too many
case $* in *--version) exec "$REAL" "$@" ;; esac
"$REAL" "$@" | sed -u '/^Ok:1:/s/$/0/'
"""


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="t.")
        self.addCleanup(self.temporary.cleanup)
        self.sockets = os.path.join(self.temporary.name, "d")
        os.mkdir(self.sockets)

    def start(self, *arguments, programs=None, **environment):
        return subprocess.Popen(
            [sys.executable, os.path.join(HERE, "bench.py"), "--programs", programs or PROGRAMS]
            + list(arguments),
            env={**os.environ, "TMPDIR": self.sockets, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_bench(self, *arguments, **options):
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=300)
        self.assertEqual(os.listdir(self.sockets), [], "files stay behind")
        return process.returncode, output, errors

    def test_every_row_has_figures(self):
        status, output, errors = self.run_bench("--tiny", "--json")
        self.assertEqual((status, errors), (0, ""))
        results = json.loads(output)["results"]
        self.assertEqual([result["name"] for result in results], ROWS)
        for result in results:
            self.assertTrue(result["yardsticks"], result["name"])
            ratios = [yardstick["ratio"] for yardstick in result["yardsticks"]]
            for series in [result] + result["yardsticks"] + ratios:
                self.check_series(series, may_be_negative=result["name"] == "hops")

    def check_series(self, series, may_be_negative):
        figures = [series["median"], series["min"], series["max"]] + series["runs"]
        self.assertTrue(all(math.isfinite(figure) for figure in figures), figures)
        self.assertTrue(may_be_negative or min(figures) > 0, figures)
        self.assertTrue(series["min"] <= series["median"] <= series["max"], figures)

    def test_table(self):
        status, output, errors = self.run_bench("--tiny", "single", "memory")
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(re.findall(r"^([a-z-]+): ", output, re.M), ["single", "memory"])
        line = r"(?m)^  bare nng REQ/REP ping-pong +[\d.]+ us .*aim <= 1.5: (NOT MET|met)"
        self.assertRegex(output, line)

    def test_unknown_row(self):
        status, _, errors = self.run_bench("--tiny", "nonsense")
        self.assertEqual(status, 2)
        self.assertIn("no such row: nonsense", errors)

    def wrong_programs(self):
        programs = os.path.join(self.temporary.name, "bin")
        os.mkdir(programs)
        for name in os.listdir(PROGRAMS):
            if name.startswith("bench_"):
                os.symlink(os.path.join(PROGRAMS, name), os.path.join(programs, name))
        with open(os.path.join(programs, "banyan"), "w", encoding="ascii") as file:
            file.write(WRONG)
            os.fchmod(file.fileno(), 0o755)
        return programs

    def test_wrong_answers_fail(self):
        programs = self.wrong_programs()
        for row in ("bulk", "others", "batch", "single", "hops"):
            with self.subTest(row):
                status, _, errors = self.run_bench(
                    "--tiny", row, programs=programs, REAL=os.path.join(PROGRAMS, "banyan")
                )
                self.assertEqual(status, 1)
                self.assertRegex(errors, "wrong (sum|answer)")

    def test_an_end_on_the_way_leaves_nothing(self):
        process = self.start("--quick", "crowd")
        self.assertTrue(self.appears(), "no sockets were seen")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertEqual(os.listdir(self.sockets), [])
        self.assertEqual(processes_with(self.sockets), [])

    def appears(self):
        """Waits for the sockets of some nodes."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if sum(len(files) for _, _, files in os.walk(self.sockets)) > 20:
                return True
            time.sleep(0.01)
        return False


def processes_with(text):
    """The processes that have it among their arguments."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if text.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass  # it has ended
    return found


if __name__ == "__main__":
    PROGRAMS = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
