#!/usr/bin/env python3
"""load BANYAN [--part N] [--seed N] [--unbounded]: banyan under load, every answer checked.

  kills   1000000 execs in one batch over 1000 nodes, of which 50 are killed (kill -9), one at every
          20000th answer: each exec has one answer, in order; it is the exact sum, or says that the
          node is unavailable, and then the node had been killed
  reader  the answers are not read: the input stops, memory is bounded; then they are read, and all
          1000000 answers are there

At the end pingall names those that were killed, and no others; nothing is left. --part runs one Nth of
the execs, on fewer nodes, for slow builds; --unbounded does not look at the memory, for those
that need more."""

import argparse
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

from processes import nodes_in, peak_kb, wait_until

# Seen: 60 to 100 MB; without a bound on what waits for an answer it would be ten times as much.
CONTROLLER_KB_MOST = 128 << 10
NODE_KB_MOST = 30 << 10
COMMANDS_AT_ONCE = 500
READER_EXECS_LEAST = 300000  # more than are taken without a reader
QUIET_S = 2  # input that stands still for so long has been stopped


def fail(text):
    sys.exit('FAILED: ' + text)


class Execs:
    """The same execs for the writer and for the check of the answers."""

    def __init__(self, ids, count, seed):
        self.ids, self.count, self.seed = ids, count, seed
        chance = random.Random(seed)
        self.sums = []
        for _ in range(997):
            numbers = [chance.randrange(-(10 ** 6), 10 ** 6) for _ in range(2)]
            numbers.append(chance.choice([0, 7, -(2 ** 63), 2 ** 63 - 1]))
            self.sums.append((b'3 %d %d %d' % tuple(numbers), sum(numbers)))

    def __iter__(self):
        chance, ids = random.Random(self.seed), self.ids
        for i in range(self.count):
            yield ids[int(chance.random() * len(ids))], *self.sums[i % len(self.sums)]


class Tree:
    def __init__(self, banyan, directory, node_count):
        self.program = subprocess.Popen([banyan, '--dir', directory], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.killed = set()
        ids = balanced(1, node_count)
        self.give(b''.join(b'create %d\n' % node for node in ids))
        self.pids = {node: int(self.answer(b'Ok: ')) for node in ids}

    def give(self, commands):
        self.program.stdin.write(commands)
        self.program.stdin.flush()

    def answer(self, start):
        line = self.program.stdout.readline()
        if not line.startswith(start):
            fail('the answer is %r, and not %r ...' % (line, start))
        return line[len(start):]

    def kill_one(self, chance):
        node = chance.choice(sorted(set(self.pids) - self.killed))
        self.killed.add(node)
        os.kill(self.pids[node], signal.SIGKILL)

    def start_writing(self, execs):
        def write():
            commands = []
            for node, numbers, _ in execs:
                commands.append(b'exec %d %s\n' % (node, numbers))
                if len(commands) == COMMANDS_AT_ONCE:
                    self.give(b''.join(commands))
                    self.written += len(commands)
                    commands.clear()
            self.give(b''.join(commands))
            self.written += len(commands)

        self.written = 0
        self.writer = threading.Thread(target=write, daemon=True)
        self.writer.start()

    def check(self, execs, kill_every, chance):
        """Reads and checks all answers; how many said that a node is unavailable."""
        lines, unavailable = self.program.stdout, 0
        for i, (node, numbers, total) in enumerate(execs):
            line = lines.readline()
            if line == b'Error:%d: Node is unavailable\n' % node and node in self.killed:
                unavailable += 1
            elif line != b'Ok:%d: %d\n' % (node, total):
                fail('exec %d (%d %s) is answered with %r' % (i, node, numbers, line))
            if i % kill_every == kill_every - 1:
                self.kill_one(chance)
        self.writer.join()
        return unavailable

    def check_pingall(self):
        self.give(b'pingall\n')
        named = self.answer(b'Ok: ').decode().strip()
        wanted = ';'.join(map(str, sorted(self.killed))) or '-1'
        if named != wanted:
            fail('pingall names %s, not %s' % (named, wanted))

    def peaks(self):
        """Of the controller, and the most of a node, in KB."""
        living = [pid for node, pid in self.pids.items() if node not in self.killed]
        return peak_kb(self.program.pid), max(map(peak_kb, living))

    def end(self):
        self.program.stdin.close()
        rest = self.program.stdout.read()
        if rest or self.program.wait() != 0:
            fail('after the last answer: %r, exit status %d' % (rest, self.program.returncode))


def balanced(low, high):
    """The ids from low to high in an order that makes a balanced tree."""
    ids, ranges = [], [(low, high)]
    for low, high in ranges:
        if low <= high:
            middle = (low + high) // 2
            ids.append(middle)
            ranges += [(low, middle - 1), (middle + 1, high)]
    return ids


def wait_until_stopped(tree, count):
    """Until the input stands still, before all of it is taken."""
    before = -1
    while tree.written != before:
        before = tree.written
        while select.select([], [tree.program.stdin], [], QUIET_S)[1] and tree.written < count:
            time.sleep(0.001)  # the writer's turn
    if tree.written >= count:
        fail('%d execs were taken while nobody read an answer' % tree.written)
    return tree.written


class Load:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory

    def run(self, name, node_count, count, kills, reader_waits=False):
        chance = random.Random(self.options.seed)
        began = time.monotonic()
        tree = Tree(self.options.banyan, self.directory, node_count)
        count = max(count // self.options.part, READER_EXECS_LEAST if reader_waits else 1)
        execs = Execs(sorted(tree.pids), count, self.options.seed)
        tree.start_writing(execs)
        if reader_waits:
            taken = wait_until_stopped(tree, execs.count)
            print('reader: %d execs were taken while nobody read, %d KB' % (taken, tree.peaks()[0]))
            tree.kill_one(chance)
        unavailable = tree.check(execs, count // kills, chance)
        tree.check_pingall()
        controller, node = tree.peaks()
        tree.end()
        print('%s: seed %d: %d nodes, %d execs, %d kills, %d answers unavailable, %.1f s; resident at most: '
              'controller %d KB, node %d KB' % (name, self.options.seed, node_count, execs.count,
                                                len(tree.killed), unavailable,
                                                time.monotonic() - began, controller, node), flush=True)
        if not self.options.unbounded and (controller > CONTROLLER_KB_MOST or node > NODE_KB_MOST):
            fail('more memory than %d and %d KB' % (CONTROLLER_KB_MOST, NODE_KB_MOST))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('banyan')
    parser.add_argument('--part', type=int, default=1)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--unbounded', action='store_true')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        load = Load(options, directory)
        load.run('kills', 1000 if options.part == 1 else 200, 1000000, 50)
        load.run('reader', 7, 1000000, 2, reader_waits=True)
        wait_until(lambda: not nodes_in(directory), lambda: 'nodes live: %s' % nodes_in(directory))
        left = os.listdir(directory)
        print('left: %d processes, %d files' % (len(nodes_in(directory)), len(left)))
        if left:
            fail('left are %s' % left)


main()
