"""Running what is measured, and what is made of the figures."""

import os
import signal
import statistics
import subprocess
import time


class BenchError(Exception):
    """Something went wrong that makes a figure worthless: a wrong sum, a program that fails."""


class Series:
    """The figures of several runs."""

    def __init__(self, values):
        if not values:
            raise BenchError("nothing was measured")
        self.values = list(values)
        self.median = statistics.median(self.values)
        self.least, self.most = min(self.values), max(self.values)

    def as_dict(self):
        return {"median": self.median, "min": self.least, "max": self.most, "runs": self.values}


class Comparison:
    """A yardstick and its ratio to the subject, from figures that were taken in the same round.

    inverse: the ratio is yardstick by subject ("so many times faster") instead of subject by
    yardstick.
    """

    def __init__(self, key, label, subject, values, inverse):
        self.key, self.label, self.inverse = key, label, inverse
        self.series = Series(values)
        pairs = zip(subject, values)
        self.ratio = Series([y / s if inverse else s / y for s, y in pairs])


class Result:
    """What was measured, of whom, in which unit, beside what. size: what an aim may depend on."""

    def __init__(self, key, title, subject, unit, values, size=None):
        self.key, self.title, self.subject = key, title, subject
        self.unit, self.size = unit, size
        self.series = Series(values)
        self.comparisons, self.absent, self.notes = [], [], []

    def beside(self, key, label, values, inverse=False):
        self.comparisons.append(Comparison(key, label, self.series.values, values, inverse))
        return self


def alternate(rounds, fewer=None, **measurements):
    """Takes each measurement once in a round; every other round in reverse order, so that a drift
    of the machine meets all of them alike. fewer: names that take part in the first rounds only, and
    in how many. Returns the figures of each by name."""
    figures = {name: [] for name in measurements}
    order = list(measurements)
    for number in range(rounds):
        for name in order if number % 2 == 0 else reversed(order):
            if number < (fewer or {}).get(name, rounds):
                figures[name].append(measurements[name]())
    return figures


def session_groups(session):
    """The process groups of a session; banyan gives each node one of its own."""
    groups = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                group, its_session = file.read().rpartition(")")[2].split()[2:4]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        if int(its_session) == session:
            groups.add(int(group))
    return groups


def signal_group(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass  # it has ended


class Machine:
    """Where and how programs are run: in a directory of their own, that goes at the end."""

    TIMEOUT_S = 120
    STOP_S = 10

    def __init__(self, programs, directory):
        self.programs, self.directory = programs, directory
        self.running = []

    def program(self, name):
        return os.path.join(self.programs, name)

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, arguments, **options):
        """Each is a session of its own, so that stop ends it with what it has started."""
        process = subprocess.Popen(arguments, cwd=self.directory, start_new_session=True, **options)
        self.running.append(process)
        return process

    def ended(self, process):
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()
        self.running.remove(process)

    def stop(self):
        """Ends everything that runs. What banyan and the yardsticks have started ends with them;
        nodes that are stopped are continued, because a stopped process cannot end by itself."""
        for process in list(self.running):
            signal_group(process.pid, signal.SIGTERM)
            until = time.monotonic() + self.STOP_S
            while time.monotonic() < until and (groups := session_groups(process.pid)):
                for group in groups:
                    signal_group(group, signal.SIGCONT)
                process.poll()
                time.sleep(0.01)
            for group in session_groups(process.pid):
                signal_group(group, signal.SIGKILL)
            self.ended(process)

    def run(self, *stages, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        """Runs a program, or several with a pipe from each to the next, to the end. Returns what
        the last one printed, and the seconds it took."""
        with open(self.path("errors"), "w+b") as errors:
            begin = time.perf_counter()
            processes = []
            for stage in stages:
                source = processes[-1].stdout if processes else stdin
                sink = stdout if stage is stages[-1] else subprocess.PIPE
                processes.append(self.start(stage, stdin=source, stdout=sink, stderr=errors))
                if len(processes) > 1:
                    source.close()  # the next stage alone reads it
            try:
                output, _ = processes[-1].communicate(timeout=self.TIMEOUT_S)
            except subprocess.TimeoutExpired:
                raise BenchError(f"{stages[-1]} has not ended after {self.TIMEOUT_S} s") from None
            seconds = time.perf_counter() - begin
            for process, stage in zip(processes, stages):
                if process.wait() == 0:
                    self.ended(process)
                else:  # its session stays listed, so that stop() ends the nodes that it left
                    errors.seek(0)
                    text = errors.read().decode(errors="replace").strip()
                    raise BenchError(f"{stage[0]} failed, status {process.returncode}: {text}")
        return output, seconds

    def command(self, *arguments):
        """How banyan is called: its sockets in the bench's directory."""
        return [self.program("banyan"), "--dir", self.directory, *arguments]

    def bare(self, *arguments):
        """Figures of bare nng, one a line."""
        output, _ = self.run([self.program("bench_bare"), *map(str, arguments)])
        return [float(line) for line in output.split()]

    def dialogue(self, script, program=None):
        """The microseconds that each line took; script: pairs of a command and its answer, with the
        marks that dialogue.c describes."""
        path = self.path("script")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{command}\t{answer}\n" for command, answer in script)
        program = program or self.command()
        output, _ = self.run([self.program("bench_dialogue"), path, *program])
        figures = [float(line) for line in output.split()]
        if len(figures) != len(script):
            raise BenchError(f"{len(script)} lines of a script, but {len(figures)} figures")
        return figures


def balanced(count):
    """The ids 1 to count in an order that makes a balanced tree, level by level."""
    order, level = [], [(1, count)]
    while level:
        below = []
        for low, high in level:
            middle = (low + high) // 2
            order.append(middle)
            below += [(a, b) for a, b in ((low, middle - 1), (middle + 1, high)) if a <= b]
        level = below
    return order


def creates(ids):
    return [(f"create {node}", "Ok: *") for node in ids]


def together(script):
    """All of it goes out at once."""
    return [("&" + command, answer) for command, answer in script[:-1]] + script[-1:]


def sum_of(node, number):
    """An exec, and its answer."""
    return f"exec {node} 3 1 2 -{number}", f"Ok:{node}: {3 - number}"


def until_answered(script):
    """Each command is repeated until it gets its answer."""
    return [("?" + command, answer) for command, answer in script]


def signals(name, nodes):
    """Lines that send a signal to the nodes' processes."""
    return [(f"!{name} {node}", "") for node in nodes]


def slope(values):
    """The straight line through figures at 0, 1, 2, ...: how much each step adds."""
    middle_x, middle_y = (len(values) - 1) / 2, statistics.fmean(values)
    above = sum((x - middle_x) * (y - middle_y) for x, y in enumerate(values))
    return above / sum((x - middle_x) ** 2 for x in range(len(values)))
