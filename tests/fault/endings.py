#!/usr/bin/env python3
"""endings BANYAN [RUNS [SEED]]: runs banyan many times and ends it in every way; afterwards there is no
process, no zombie, no socket and no directory left. Prints how often each way was tried."""

import os
import random
import signal
import subprocess
import sys
import tempfile

from processes import PATIENCE_S, nodes_in, wait_until


def start(banyan, directory):
    return subprocess.Popen([banyan, '--dir', directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, bufsize=0)


def create(tree, ids):
    """Starts nodes; the process ids."""
    tree.stdin.write(b''.join(b'create %d\n' % node for node in ids))
    answers = [tree.stdout.readline() for _ in ids]
    if not all(answer.startswith(b'Ok: ') for answer in answers):
        sys.exit('FAILED: create was answered with %r' % answers)
    return [int(answer.split()[1]) for answer in answers]


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def by_exit(tree, pids, chance):
    tree.stdin.write(b'exec %d 2 1 2\nexit\n' % 1)


def by_end_of_input(tree, pids, chance):
    tree.stdin.close()


def by_term(tree, pids, chance):
    tree.terminate()


def by_kill(tree, pids, chance):
    tree.kill()


def by_kill_of_stopped(tree, pids, chance):
    signal_all(pids, signal.SIGSTOP)
    tree.kill()


def by_kill_of_all(tree, pids, chance):
    victims = [tree.pid] + [pid for pid in pids if chance.random() < 0.9]
    chance.shuffle(victims)
    signal_all(victims, signal.SIGKILL)
    tree.kill()


def by_kill_amid_creates(tree, pids, chance):
    tree.stdin.write(b'create 100\ncreate 101\nkill 1\ncreate 102\n')
    tree.kill()


WAYS = [by_exit, by_end_of_input, by_term, by_kill, by_kill_of_stopped, by_kill_of_all,
        by_kill_amid_creates]


def run(banyan, directory, way, chance):
    tree = start(banyan, directory)
    ids = list(range(1, 1 + chance.randrange(1, 6)))
    chance.shuffle(ids)
    pids = create(tree, ids)
    way(tree, pids, chance)
    if not tree.stdin.closed:
        try:
            tree.stdin.close()
        except BrokenPipeError:
            pass
    tree.stdout.read()
    tree.stdout.close()
    tree.wait(PATIENCE_S)
    return pids


def main():
    banyan = sys.argv[1]
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    chance, counts, pids = random.Random(seed), {}, []
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(runs):
            way = chance.choice(WAYS)
            counts[way.__name__] = counts.get(way.__name__, 0) + 1
            pids += run(banyan, directory, way, chance)
        wait_until(lambda: not nodes_in(directory), lambda: 'nodes live: %s' % nodes_in(directory))
        run(banyan, directory, by_exit, chance)  # removes what killed controllers could not
        left = os.listdir(directory)
        # (the numbers of reaped processes may be reused, so only children of this process count)
        try:
            child, _ = os.waitpid(-1, os.WNOHANG)
            zombies = 'a child %d' % child
        except ChildProcessError:
            zombies = ''
        print('seed %d: %d runs, %d nodes: %s' % (
            seed, runs, len(pids), ', '.join('%s %d' % item for item in sorted(counts.items()))))
        print('left: %d processes, %d files%s' % (len(nodes_in(directory)), len(left), zombies))
        if left or zombies:
            sys.exit('FAILED: left are %s %s' % (left, zombies))


main()
