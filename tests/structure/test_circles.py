#!/usr/bin/env python3
"""test_circles.py COMPILER NM: circles.py finds the circles between tiny files, and no others."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER, NM = "cc", "nm"  # the arguments


def function(name, *calls):
    """The text of a function that calls others."""
    declared = " ".join(f"void {known}(void);" for known in (name, *calls))
    body = " ".join(f"{call}();" for call in calls)
    return f"{declared} void {name}(void) {{ {body} }}"


class CirclesTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="t.")
        self.addCleanup(temporary.cleanup)
        self.top = temporary.name
        self.listing = os.path.join(self.top, "objects")

    def build(self, targets):
        """targets: {name: (names it links to, {file: text})}"""
        with open(self.listing, "w", encoding="ascii") as listing:
            for name, (links, files) in targets.items():
                listing.write(f"target {name}\n")
                listing.writelines(f"link {link}\n" for link in links)
                for file in files.items():
                    listing.write(f"object {self.compile(name, *file)}\n")

    def compile(self, target, name, text):
        source = os.path.join(self.top, name)
        directory = os.path.join(self.top, "CMakeFiles", target + ".dir")
        os.makedirs(directory, exist_ok=True)
        with open(source, "w", encoding="ascii") as file:
            file.write(text + "\n")
        object_path = os.path.join(directory, name + ".o")
        subprocess.run([COMPILER, "-c", source, "-o", object_path], check=True)
        return object_path

    def run_circles(self, *arguments):
        command = [sys.executable, os.path.join(HERE, "circles.py"), "--nm", NM, *arguments]
        done = subprocess.run(command + [self.listing], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_a_circle_of_three(self):
        files = {"a.c": function("a", "b"), "b.c": function("b", "c"), "c.c": function("c", "a")}
        self.build({"all": ([], files)})
        status, output, errors = self.run_circles()
        self.assertEqual((status, errors), (1, ""))
        lines = ["3 files need each other: a.c, b.c, c.c"]
        lines += ["  a.c -> b.c: b", "  b.c -> c.c: c", "  c.c -> a.c: a"]
        self.assertEqual(output.splitlines(), lines)

    def test_no_circle(self):
        files = {"a.c": function("a", "b", "c"), "b.c": function("b", "c"), "c.c": function("c")}
        self.build({"all": ([], files)})
        status, output, errors = self.run_circles("--least", "3")
        self.assertEqual((status, output, errors), (0, "3 objects, 3 arrows, no circle\n", ""))

    def test_a_file_that_needs_a_circle_is_not_in_it(self):
        files = {"a.c": function("a", "b"), "b.c": function("b", "c"), "c.c": function("c", "b")}
        self.build({"all": ([], files)})
        status, output, _ = self.run_circles()
        self.assertEqual(status, 1)
        self.assertEqual(output.splitlines()[0], "2 files need each other: b.c, c.c")
        self.assertNotIn("a.c", output)

    def test_two_circles(self):
        files = {name + ".c": function(name, other) for name, other in ("ab", "ba", "cd", "dc")}
        self.build({"all": ([], files)})
        output = self.run_circles()[1]
        for circle in ("a.c, b.c", "c.c, d.c"):
            self.assertIn(f"2 files need each other: {circle}\n", output)

    def test_a_library_that_needs_its_user(self):
        user = {"a.c": function("a", "b")}
        middle, library = {"b.c": function("b", "c")}, {"c.c": function("c", "a")}
        self.build({"low": ([], library), "middle": (["low"], middle), "user": (["middle"], user)})
        status, output, _ = self.run_circles()
        self.assertEqual(status, 1)
        self.assertIn("3 files need each other: a.c, b.c, c.c\n", output)

    def test_the_own_target_comes_first(self):
        other = {"x.c": function("b", "a")}
        own = {"a.c": function("a", "b"), "b.c": function("b")}
        self.build({"other": (["own"], other), "own": ([], own)})
        status, output, _ = self.run_circles()
        self.assertEqual((status, output), (0, "3 objects, 2 arrows, no circle\n"))

    def test_foreign_symbols_are_ignored(self):
        files = {"a.c": function("a", "far"), "b.c": function("b", "a", "farther")}
        self.build({"all": ([], files)})
        self.assertEqual(self.run_circles()[0], 0)

    def test_too_few_objects(self):
        self.build({"all": ([], {"a.c": function("a")})})
        status, _, errors = self.run_circles("--least", "2")
        self.assertEqual(status, 1)
        self.assertIn("1 objects found, expected at least 2", errors)

    def test_an_object_that_was_not_built(self):
        self.build({"all": ([], {"a.c": function("a")})})
        os.remove(os.path.join(self.top, "CMakeFiles", "all.dir", "a.c.o"))
        status, _, errors = self.run_circles()
        self.assertEqual(status, 1)
        self.assertIn("was not built", errors)


if __name__ == "__main__":
    NM, COMPILER = sys.argv.pop(), sys.argv.pop()
    unittest.main(verbosity=2)
