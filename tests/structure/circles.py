#!/usr/bin/env python3
"""Fails if two or more source files need each other, directly or through others.

A file needs another one if its object has an undefined symbol that the other file's object defines.
Several objects may define the same symbol. An object's own target is searched first, then the
libraries to which that target links, nearest first, and last the targets that link to it, because a
library can also need what its user defines. Symbols that no target defines belong to foreign
libraries.

LISTING has a line "target NAME" for each target, followed by lines "link TARGET" and "object PATH".
"""

import argparse
import os
import re
import subprocess
import sys

WEAK_DEFINED = "VW"
UNDEFINED = "Uvw"


class CirclesError(Exception):
    """Objects are missing or cannot be read, so nothing is known about circles."""


class Target:
    def __init__(self):
        self.links = []
        self.objects = []
        self.defined = {}  # symbol: source file
        self.undefined = []  # (source file, symbol)


def read_listing(path):
    targets, target = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "target":
                target = targets.setdefault(rest, Target())
            elif word == "link":
                target.links.append(rest)
            elif word == "object" and source_of(rest) is not None:
                target.objects.append(rest)
    return targets


def source_of(path):
    """The source file of an object, from the name that CMake gives it; None: it has none."""
    found = re.fullmatch(r"(.*/)?CMakeFiles/[^/]+\.dir/(.+)\.o", path)
    return found and os.path.normpath((found[1] or "") + found[2])


def read_symbols(nm, path):
    """Pairs of a global symbol and its type."""
    if not os.path.exists(path):
        raise CirclesError(f"{path} was not built")
    command = [nm, "-g", "-P", path]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise CirclesError(f"{' '.join(command)}: {found.stderr.strip()}")
    return [tuple(line.split()[:2]) for line in found.stdout.splitlines()]


def read_target(nm, target, common):
    weak = {}
    for path in target.objects:
        source = source_of(path)[len(common) :]
        for symbol, kind in read_symbols(nm, path):
            if kind in UNDEFINED:
                target.undefined.append((source, symbol))
            elif kind in WEAK_DEFINED:
                weak.setdefault(symbol, source)
            else:
                target.defined.setdefault(symbol, source)
    target.defined = {**weak, **target.defined}


def closure(targets, name):
    """The target and all that it links to, nearest first."""
    found = [name]
    for near in found:
        links = targets[near].links
        found += [link for link in dict.fromkeys(links) if link in targets and link not in found]
    return found


def find_arrows(targets):
    """{(file, needed file): {symbol}}"""
    reach = {name: closure(targets, name) for name in targets}

    def definition(symbol, names):
        found = (targets[name].defined.get(symbol) for name in names)
        return next(filter(None, found), None)

    arrows = {}
    for name, target in targets.items():
        users = [reach[user] for user in targets if name in reach[user]]
        for source, symbol in target.undefined:
            needed = {definition(symbol, reach[name])}
            if needed == {None}:
                needed = {definition(symbol, names) for names in users}
            for other in needed - {None, source}:
                arrows.setdefault((source, other), set()).add(symbol)
    return arrows


def reachable(needs, start):
    found, waiting = set(), [start]
    while waiting:
        for other in needs.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def find_circles(arrows):
    """Sets of files, of which each needs all the others of its set."""
    needs = {}
    for source, other in arrows:
        needs.setdefault(source, set()).add(other)
    reach = {source: reachable(needs, source) for source in needs}
    circles = {
        frozenset(other for other in reach[source] if source in reach.get(other, ()))
        for source in needs
        if source in reach[source]
    }
    return sorted(sorted(circle) for circle in circles)


def print_circle(circle, arrows):
    print(f"{len(circle)} files need each other: {', '.join(circle)}")
    for (source, other), symbols in sorted(arrows.items()):
        if source in circle and other in circle:
            print(f"  {source} -> {other}: {', '.join(sorted(symbols))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nm", default="nm", help="the program that lists symbols (nm)")
    parser.add_argument("--least", type=int, default=1, metavar="N",
                        help="fail if there are fewer objects")
    parser.add_argument("listing", metavar="LISTING")
    arguments = parser.parse_args()
    targets = read_listing(arguments.listing)
    objects = [path for target in targets.values() for path in target.objects]
    if len(objects) < arguments.least:
        raise CirclesError(f"{len(objects)} objects found, expected at least {arguments.least}")
    common = os.path.commonpath([os.path.dirname(source_of(path)) for path in objects]) + "/"
    for target in targets.values():
        read_target(arguments.nm, target, common)
    arrows = find_arrows(targets)
    circles = find_circles(arrows)
    for circle in circles:
        print_circle(circle, arrows)
    if not circles:
        print(f"{len(objects)} objects, {len(arrows)} arrows, no circle")
    return 1 if circles else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CirclesError as error:
        sys.exit(f"circles: {error}")
