#!/usr/bin/env python3
"""valgrind.py BANYAN NODE: the controller and its nodes under valgrind's memcheck.

Nodes are created, asked for sums, killed with kill -9 from outside and by the command, again and again.
Then the controller exits, or is killed itself, upon which the nodes end by themselves; so each of them
is looked at when it ends in good order. There is no invalid access, no uninitialised byte, and no lost
memory; and no more descriptors are open after many rounds than after few, in the controller and in the
root, which lives through all of them."""

import os
import re
import signal
import subprocess
import sys
import tempfile

from processes import nodes_in, wait_until

FEW, MANY = 2, 7
SLACK = 3  # descriptors that are just being closed; one lost in each round would be five
DEADLINE_MS = 30000  # everything is slow
NUMBERS = 60000  # several slices of half a megabyte
PREAMBLE = re.compile(r'==\d+== (Memcheck, |Copyright |Using |Command: |Parent PID: |$)')


class Run:
    def __init__(self, banyan, node, directory, rounds):
        self.directory, self.answer_count = directory, 0
        os.mkdir(directory)
        self.numbers = os.path.join(directory, 'numbers')
        with open(self.numbers, 'w') as file:
            file.write('1234567890123456789 ' * NUMBERS)
        self.sockets = os.path.join(directory, 'sockets')
        os.mkdir(self.sockets)
        self.program = subprocess.Popen(
            ['valgrind', '--trace-children=yes', '--leak-check=full', '--errors-for-leak-kinds=definite',
             '--track-fds=yes', '--log-file=%s/%%p.log' % directory, banyan, '--deadline', str(DEADLINE_MS),
             '--dir', self.sockets, '--node', node],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.root = self.create(10)
        for _ in range(rounds):
            self.round()

    def ask(self, command, wanted):
        self.program.stdin.write(command + '\n')
        self.program.stdin.flush()
        answer = self.program.stdout.readline()
        found = re.fullmatch(wanted + '\n', answer)
        if not found:
            sys.exit('FAILED: %s: the answer is %r, not %s' % (command, answer, wanted))
        self.answer_count += 1
        return found

    def create(self, node):
        return int(self.ask('create %d' % node, 'Ok: ([0-9]+)').group(1))

    def round(self):
        victim = self.create(5)
        self.create(3)
        self.create(20)
        self.ask('exec 3 3 1 2 3', 'Ok:3: 6')
        self.ask('exec 20 %d < %s' % (NUMBERS, self.numbers), 'Ok:20: %d' % (1234567890123456789 * NUMBERS))
        self.ask('exec 20 2 1 x', 'Error:20: .*')
        self.ask('pingall', 'Ok: -1')
        os.kill(victim, signal.SIGKILL)
        self.ask('pingall', 'Ok: 5')
        self.ask('exec 3 2 40 2', 'Ok:3: 42')
        self.ask('kill 5', 'Ok')
        self.ask('kill 20', 'Ok')

    def end(self, kill):
        if kill:
            self.program.kill()
        else:
            self.program.stdin.close()
        status = self.program.wait()
        if status != (-signal.SIGKILL if kill else 0):
            sys.exit('FAILED: the controller ended with %d' % status)
        wait_until(lambda: not nodes_in(self.sockets), lambda: 'nodes live: %s' % nodes_in(self.sockets))
        return self.check(self.root if kill else self.program.pid)

    def check(self, whole):
        """Looks through all logs. How many descriptors the process `whole` had at its end."""
        found = None
        for name in sorted(os.listdir(self.directory)):
            if name.endswith('.log'):
                with open(os.path.join(self.directory, name)) as file:
                    descriptors = check_log(name, file.read())
                if name == '%d.log' % whole:
                    found = descriptors
        if found is None:
            sys.exit('FAILED: valgrind says nothing of the end of process %d' % whole)
        return found


def check_log(name, text):
    """Fails on any error. How many descriptors were open at the end; None: it was killed."""
    summary = re.search(r'ERROR SUMMARY: (\d+) errors', text)
    descriptors = re.search(r'FILE DESCRIPTORS: (\d+) open', text)
    clean = summary and summary.group(1) == '0' or all(map(PREAMBLE.match, text.splitlines()))
    if not clean:
        sys.exit('FAILED: %s\n%s' % (name, text))
    return int(descriptors.group(1)) if descriptors else None


def main():
    programs = sys.argv[1:]
    for kill in (False, True):
        counts = []
        for rounds in (FEW, MANY):
            with tempfile.TemporaryDirectory() as directory:
                run = Run(*programs, os.path.join(directory, 'run'), rounds)
                counts.append(run.end(kill))
                logs = len([name for name in os.listdir(run.directory) if name.endswith('.log')])
            print('%s: %d rounds, %d answers, %d processes: no errors, %d descriptors at its end'
                  % ('root' if kill else 'controller', rounds, run.answer_count, logs, counts[-1]), flush=True)
        if counts[1] > counts[0] + SLACK:
            sys.exit('FAILED: descriptors are lost')


main()
