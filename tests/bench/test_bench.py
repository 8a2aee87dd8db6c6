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
          crowd crowd-chain pingall-2 pingall-5 pingall-20 pingall-stopped stop kill9
          memory""".split()
EDITED = """#!/bin/sh
# banyan, but for some answers
case $* in *--version) exec "$REAL" "$@" ;; esac
"$REAL" "$@" | sed -u "$EDIT"
"""
ONE_DIGIT_TOO_MANY = "/^Ok:1:/s/$/0/"
# The row "stop" expects the sum 2 while a node is stopped for the first time.
NO_ANSWER_WHILE_STOPPED = "/^Ok:[0-9]*: 2$/d"
WRONG_ANSWER_WHILE_STOPPED = "s/^\\(Ok:[0-9]*: \\)2$/\\13/"


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

    def edited_programs(self, edit):
        """Options for programs with a banyan whose answers sed changes."""
        programs = os.path.join(self.temporary.name, "bin")
        os.mkdir(programs)
        for name in os.listdir(PROGRAMS):
            if name.startswith("bench_"):
                os.symlink(os.path.join(PROGRAMS, name), os.path.join(programs, name))
        with open(os.path.join(programs, "banyan"), "w", encoding="ascii") as file:
            file.write(EDITED)
            os.fchmod(file.fileno(), 0o755)
        return {"programs": programs, "REAL": os.path.join(PROGRAMS, "banyan"), "EDIT": edit}

    def test_wrong_answers_fail(self):
        options = self.edited_programs(ONE_DIGIT_TOO_MANY)
        for row in ("bulk", "others", "batch", "single", "hops"):
            with self.subTest(row):
                status, _, errors = self.run_bench("--tiny", row, **options)
                self.assertEqual(status, 1)
                self.assertRegex(errors, "wrong (sum|answer)")

    def test_an_end_on_the_way_leaves_nothing(self):
        process = self.start("--quick", "crowd")
        self.assertTrue(self.appears(), "no sockets were seen")
        self.check_end(process)

    def test_an_end_while_a_node_is_stopped_leaves_nothing(self):
        process = self.start("--tiny", "stop", **self.edited_programs(NO_ANSWER_WHILE_STOPPED))
        self.assertTrue(becomes(lambda: self.stopped() != []), "no node was stopped")
        self.check_end(process)

    def test_a_wrong_answer_while_a_node_is_stopped_leaves_nothing(self):
        options = self.edited_programs(WRONG_ANSWER_WHILE_STOPPED)
        status, _, errors = self.run_bench("--tiny", "stop", **options)
        self.assertEqual(status, 1)
        self.assertIn("wrong answer", errors)
        self.assertEqual(processes_with(self.sockets), [])

    def check_end(self, process):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertEqual(os.listdir(self.sockets), [])
        self.assertEqual(processes_with(self.sockets), [])

    def appears(self):
        """Waits for the sockets of some nodes."""
        return becomes(lambda: sum(len(files) for _, _, files in os.walk(self.sockets)) > 20)

    def stopped(self):
        return [pid for pid in processes_with(self.sockets) if state_of(pid) == [b"T"]]


def becomes(condition):
    """Waits until it holds."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def processes_with(text):
    """The processes that have it among their arguments or in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            if text.encode() in contents(f"/proc/{pid}/{name}"):
                found.append(int(pid))
                break
    return found


def contents(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # the process has ended, or belongs to another user


def state_of(pid):
    """T: stopped; nothing: it has ended."""
    return contents(f"/proc/{pid}/stat").rpartition(b")")[2].split()[:1]


if __name__ == "__main__":
    PROGRAMS = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
