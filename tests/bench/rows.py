"""The rows of the bench: what each measures, and beside what.

A row is a function of a Bench; it yields Results. Whatever can be wrong about an answer is checked
here, in every run: a figure of a wrong answer is worth nothing.
"""

import os
import random
import shutil
import statistics
import subprocess
import threading

from measure import (
    BenchError,
    Result,
    Series,
    alternate,
    balanced,
    creates,
    signals,
    slope,
    sum_of,
    together,
    until_answered,
)


class Scale:
    """How much is measured. rounds: of the costly measurements; each round gives one figure.
    chain: the nodes of the longest one; stops: how often a node is stopped."""

    def __init__(self, rounds, numbers, execs, singles, trees, chain, stops):
        self.rounds, self.awk_rounds = rounds
        self.numbers, self.other_numbers = numbers
        self.execs, self.requests = execs
        self.singles, self.trees, self.chain = singles, trees, chain
        self.nodes = trees[-1]  # of the largest tree
        self.stops, self.kills, self.stopped_pingalls = stops, -(-stops // 4), -(-stops // 10)


MILLION = 1_000_000
MANY, MOST = (100 * MILLION, 10 * MILLION), (100 * MILLION, 100 * MILLION)
TREES = (10, 100, 1000)
SCALES = {
    "normal": Scale((7, 2), MANY, (MILLION, 200_000), 1000, TREES, 1000, 200),
    "full": Scale((9, 3), MOST, (MILLION, 500_000), 5000, TREES, 1000, 200),
    "quick": Scale((3, 1), MANY, (MILLION, 100_000), 500, TREES, 300, 40),
    "tiny": Scale((2, 1), (30_000, 3000), (2000, 1000), 20, (2, 5, 20), 5, 3),
}


class Bench:
    def __init__(self, machine, scale, seed):
        self.machine, self.scale, self.seed = machine, scale, seed
        self.files = {}

    def numbers(self, count):
        """A file of banyan's commands with so many numbers on one line: its path, where the numbers
        begin, and their sum."""
        if count not in self.files:
            path = self.machine.path(f"numbers.{count}")
            head = f"create 1\nexec 1 {count} ".encode()
            with open(path, "wb") as file:
                file.write(head)
            program = self.machine.program("bench_numbers")
            output, _ = self.machine.run([program, str(count), str(self.seed), path])
            self.files[count] = path, len(head), int(output)
        return self.files[count]


# ---- bulk ----

AWK = '{ s += $1 } END { printf "%.0f\\n", s }'
PYTHON = "import sys; print(sum(map(int, sys.stdin.buffer.read().split())))"
LINES = ["tr", " ", "\\n"]
OTHERS = {
    "mawk": [LINES, ["mawk", AWK]],
    "gawk": [LINES, ["gawk", AWK]],
    "datamash": [LINES, ["datamash", "sum", "1"]],
    "perl": [LINES, ["perl", "-ne", '$s += $_; END { print "$s\\n" }']],
    "python3": [["python3", "-c", PYTHON]],
}
FASTEST_AWK = ("mawk", "gawk")  # whichever is there first


def is_installed(name):
    return all(shutil.which(stage[0]) is not None for stage in OTHERS[name])


def banyan_sum(bench, count, piped=False):
    """The seconds that the whole program takes."""
    path, _, total = bench.numbers(count)
    if piped:
        output, seconds = bench.machine.run(["cat", path], bench.machine.command())
    else:
        output, seconds = bench.machine.run(bench.machine.command(path))
    if output.splitlines()[1:] != [f"Ok:1: {total}".encode()]:
        raise BenchError(f"wrong sum of {count} numbers: {output.decode().strip()}, not {total}")
    return seconds


def other_sum(bench, count, name, stages):
    """The same of another program, which gets the numbers alone, on its standard input."""
    path, offset, total = bench.numbers(count)
    with open(path, "rb") as file:
        os.lseek(file.fileno(), offset, os.SEEK_SET)
        output, seconds = bench.machine.run(*stages, stdin=file)
    if output.strip() != str(total).encode():
        raise BenchError(f"{name}: wrong sum of {count} numbers: {output.decode().strip()}")
    return seconds


def transfer(bench, count):
    path = bench.numbers(count)[0]
    output, seconds = bench.machine.run([bench.machine.program("bench_bare"), "transfer", path])
    if int(output) != os.path.getsize(path):
        raise BenchError(f"{int(output)} bytes of {os.path.getsize(path)} were transferred")
    return seconds


def copy(bench, count):
    path = bench.numbers(count)[0]
    return bench.machine.run(["cat", path], ["cat"], stdout=subprocess.DEVNULL)[1]


def bulk(bench):
    count = bench.scale.numbers
    kernel = [[bench.machine.program("bench_sum")]]
    awk = next((name for name in FASTEST_AWK if is_installed(name)), None)
    measurements = {
        "banyan": lambda: banyan_sum(bench, count),
        "nng": lambda: transfer(bench, count),
        "kernel": lambda: other_sum(bench, count, "bench_sum", kernel),
        "copy": lambda: copy(bench, count),
        "piped": lambda: banyan_sum(bench, count, piped=True),
    }
    if awk is not None:
        measurements["awk"] = lambda: other_sum(bench, count, awk, OTHERS[awk])
    size = os.path.getsize(bench.numbers(count)[0])
    figures = alternate(bench.scale.rounds, fewer={"awk": bench.scale.awk_rounds}, **measurements)
    title = f"exec of {count} numbers on one line ({size / 1e6:.1f} MB), whole programs"
    result = Result("bulk", title, "banyan FILE", "s", figures["banyan"], size=count)
    result.beside("nng", "bare nng transfer, messages of 512 KiB", figures["nng"])
    result.beside("kernel", "sum in one process, same kernel", figures["kernel"])
    result.beside("copy", "cat FILE | cat >/dev/null", figures["copy"])
    if awk is not None:
        result.beside("awk", f"tr | {awk}", figures["awk"], inverse=True)
    else:
        result.absent.append("awk")
    yield result
    title = "the same through a pipe"
    result = Result("bulk-piped", title, "cat FILE | banyan", "s", figures["piped"], size=count)
    result.beside("copy", "cat FILE | cat >/dev/null", figures["copy"])
    yield result.beside("nng", "bare nng transfer from the file", figures["nng"])


def others(bench):
    count = bench.scale.other_numbers
    rounds = min(bench.scale.rounds, 3)
    there = [name for name in OTHERS if is_installed(name)]
    figures = alternate(
        rounds,
        banyan=lambda: banyan_sum(bench, count),
        **{name: (lambda n=name: other_sum(bench, count, n, OTHERS[n])) for name in there},
    )
    title = f"the sum of {count} numbers on one line, whole programs"
    result = Result("others", title, "banyan FILE", "s", figures["banyan"], size=count)
    for name in there:
        text = " | ".join(stage[0] for stage in OTHERS[name])
        result.beside(name, text, figures[name], inverse=True)
    result.absent = [name for name in OTHERS if name not in there]
    yield result


# ---- batches of small execs ----


def write_batch(path, ids, targets, count, seed):
    """A file of commands; returns the answers to the execs. The nodes take turns."""
    chance = random.Random(seed)
    answers = []
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"create {node}\n" for node in ids)
        for number in range(count):
            node = targets[number % len(targets)]
            a, b, c = chance.getrandbits(16), chance.getrandbits(10), -chance.getrandbits(8)
            file.write(f"exec {node} 3 {a} {b} {c}\n")
            answers.append(f"Ok:{node}: {a + b + c}\n")
    return "".join(answers).encode()


def batch_rate(bench, path, ids, answers, count):
    """Execs per second of the whole program, with its answers in a file."""
    with open(bench.machine.path("answers"), "w+b") as file:
        _, seconds = bench.machine.run(bench.machine.command(path), stdout=file)
        file.seek(0)
        for _ in ids:
            if not file.readline().startswith(b"Ok: "):
                raise BenchError("a create in the batch has failed")
        if file.read() != answers:
            raise BenchError(f"a wrong answer in a batch of {count} execs")
    return count / seconds


def batch_on(bench, key, where, ids, targets):
    count, requests = bench.scale.execs, bench.scale.requests
    path = bench.machine.path("batch")
    answers = write_batch(path, ids, targets, count, bench.seed)
    figures = alternate(
        bench.scale.rounds,
        banyan=lambda: batch_rate(bench, path, ids, answers, count),
        nng=lambda: requests / bench.machine.bare("rate", requests, 64)[0],
    )
    title = f"a batch of {count} execs of 3 numbers {where}, execs by time of the whole program"
    result = Result(key, title, "banyan FILE >ANSWERS", "/s", figures["banyan"], size=count)
    yield result.beside("nng", "bare nng REQ/REP, 64 in flight", figures["nng"])


def batch(bench):
    ids = balanced(7)
    yield from batch_on(bench, "batch", "over 7 nodes, balanced", ids, ids)


def batch_deep(bench):
    ids = list(range(1, 11))
    yield from batch_on(bench, "batch-deep", "at the end of a chain of 10", ids, ids[-1:])


# ---- one at a time ----


def exec_script(node, count):
    return [sum_of(node, number) for number in range(count)]


def dialogue_median(bench, setup, script, program=None):
    """The median of the times of the script's answers; those of the setup are not of interest."""
    return statistics.median(bench.machine.dialogue(setup + script, program)[len(setup):])


def single(bench):
    count = bench.scale.singles
    execs = exec_script(1, count)
    echo = [(command, command) for command, _ in execs]
    figures = alternate(
        bench.scale.rounds,
        banyan=lambda: dialogue_median(bench, creates([1]), execs),
        nng=lambda: statistics.median(bench.machine.bare("ping", count)),
        callbacks=lambda: statistics.median(bench.machine.bare("relays", 1, count)),
        pipe=lambda: dialogue_median(bench, [], echo, ["cat"]),
    )
    title = f"exec one at a time over two pipes, at the root, median of {count}"
    result = Result("single", title, "banyan", "us", figures["banyan"])
    result.beside("nng", "bare nng REQ/REP ping-pong", figures["nng"])
    result.beside("callbacks", "the same with callbacks only", figures["callbacks"])
    yield result.beside("pipe", "the two pipes alone: cat", figures["pipe"])


def by_depth(figures, depth):
    """The median for each depth, of figures that go round the depths."""
    return [statistics.median(figures[at::depth]) for at in range(depth)]


def hops(bench):
    depth, count = 5, bench.scale.singles // 2
    setup = creates(range(1, depth + 1))
    turns = zip(*(exec_script(node, count) for node in range(1, depth + 1)))
    script = [line for turn in turns for line in turn]
    curves = alternate(
        bench.scale.rounds,
        banyan=lambda: by_depth(bench.machine.dialogue(setup + script)[len(setup):], depth),
        nng=lambda: by_depth(bench.machine.bare("relays", depth, count), depth),
    )
    slopes = {name: [slope(curve) for curve in curves[name]] for name in curves}
    title = f"exec one at a time in a chain of {depth}: what each further hop adds"
    result = Result("hops", title, "banyan", "us", slopes["banyan"])
    result.beside("nng", "bare nng relay", slopes["nng"])
    for name, curve in curves.items():
        levels = [Series(level).median for level in zip(*curve)]
        result.notes.append(f"{name}, us by depth: " + ", ".join(f"{us:.0f}" for us in levels))
    yield result


# ---- starting nodes ----


def create(bench):
    rounds = bench.scale.rounds
    few, many = bench.scale.trees[:2]
    again = [("create 1", "Ok: *"), ("kill 1", "Ok")] * (2 * few)

    def median_create(script):
        return statistics.median(bench.machine.dialogue(script)) / 1e3

    figures = alternate(
        rounds,
        root=lambda: statistics.median(bench.machine.dialogue(again)[::2]) / 1e3,
        tree=lambda: median_create(creates(balanced(many))),
        chain=lambda: median_create(creates(range(1, few + 1))),
        nng=lambda: statistics.median(bench.machine.bare("start", 2 * few)) / 1e3,
    )
    for key, label in (
        ("root", "the root again and again"),
        ("tree", f"a balanced tree of {many}"),
        ("chain", f"a chain of {few}"),
    ):
        title = f"create one at a time, {label}, median"
        result = Result(f"create-{key}", title, "banyan", "ms", figures[key])
        yield result.beside("nng", "bare nng process, start to listening", figures["nng"])


def crowd(bench):
    count = bench.scale.nodes
    script = together(creates(balanced(count)))
    figures = alternate(
        (bench.scale.rounds + 1) // 2,
        banyan=lambda: bench.machine.dialogue(script)[-1] / 1e6,
        one=lambda: bench.machine.bare("crowd", count, "one")[0],
        all=lambda: bench.machine.bare("crowd", count, "all")[0],
    )
    title = f"{count} nodes in a balanced tree, created in a batch"
    result = Result("crowd", title, "banyan", "s", figures["banyan"], size=count)
    result.beside("one", f"{count} bare nng processes, one after the other", figures["one"])
    yield result.beside("all", f"{count} bare nng processes, all at once", figures["all"])


def crowd_chain(bench):
    count = bench.scale.chain
    script = together(creates(range(1, count + 1)))
    figures = alternate(
        (bench.scale.rounds + 1) // 2,
        banyan=lambda: bench.machine.dialogue(script)[-1] / 1e6,
        one=lambda: bench.machine.bare("crowd", count, "one")[0],
    )
    title = f"{count} nodes in a chain, created in a batch in ascending order"
    result = Result("crowd-chain", title, "banyan", "s", figures["banyan"], size=count)
    label = f"{count} bare nng processes, one after the other"
    yield result.beside("one", label, figures["one"])


# ---- nodes that are stopped or killed ----

FAULT_TREE = balanced(31)
INNER = FAULT_TREE[:15]  # with the root
TOGETHER_MOST = 40  # rounds of one dialogue: it has to end in time, even if each takes a second


def below(node, chance):
    """A leaf below an inner node of FAULT_TREE; there the leaves are the odd ids."""
    reach = (node & -node) - 1  # the ids below 8, which is 0b1000, are 1 to 15
    return chance.randrange(node - reach, node + reach + 1, 2)


def in_turn(bench, count, setup, script_of):
    """Holds dialogues of some rounds each; script_of(number) is the script of one round, always of
    the same length. Returns the milliseconds that each line of it took, by round."""
    figures = []
    for first in range(0, count, TOGETHER_MOST):
        numbers = range(first, min(count, first + TOGETHER_MOST))
        scripts = [script_of(number) for number in numbers]
        times = bench.machine.dialogue(setup + [line for script in scripts for line in script])
        at, step = len(setup), len(scripts[0])
        figures += [[us / 1e3 for us in times[i : i + step]] for i in range(at, len(times), step)]
    return list(zip(*figures))


def stop(bench):
    """A node is stopped again only after all others, so that it has its children back by then."""
    chance = random.Random(bench.seed)
    count = bench.scale.stops

    def script_of(number):
        node = INNER[number % len(INNER)]
        leaf = below(node, chance)
        before, after = sum_of(leaf, 2 * number), sum_of(leaf, 2 * number + 1)
        stopped = together(signals("STOP", [node]) + [after])
        continued = together(signals("CONT", [node]) + until_answered([sum_of(node, number)]))
        return [before] + stopped + continued

    healthy, _, answered, _, continued = in_turn(
        bench, count, together(creates(FAULT_TREE)), script_of
    )
    title = f"SIGSTOP of an inner node of 31, to an exec's answer from below it, {count} times"
    result = Result("stop", title, "banyan", "ms", answered)
    result.beside("healthy", "the same exec while all nodes run", healthy)
    back = Series(continued)
    result.notes.append(
        f"from SIGCONT to the node's own answer: {back.median:.1f} ms, at most {back.most:.1f} ms"
    )
    yield result


def kill9(bench):
    chance = random.Random(bench.seed)
    count = bench.scale.kills
    setup = together(creates(FAULT_TREE))
    root = FAULT_TREE[0]

    def script_of(number):
        node = INNER[number % len(INNER)]
        leaf = below(node, chance)
        before, after = sum_of(leaf, 2 * number), sum_of(leaf, 2 * number + 1)
        killed = together(signals("KILL", [node]) + [after])
        return setup + [before] + killed + [(f"kill {root}", "Ok")]

    healthy, _, answered, _ = in_turn(bench, count, [], script_of)[len(setup) :]
    title = f"kill -9 of an inner node of 31, to an exec's answer from below it, {count} times"
    result = Result("kill9", title, "banyan", "ms", answered)
    yield result.beside("healthy", "the same exec while all nodes run", healthy)


def pingall_stopped(bench):
    chance = random.Random(bench.seed)
    count = bench.scale.stopped_pingalls
    nodes = sorted(FAULT_TREE)

    def script_of(_number):
        stopped = sorted(chance.sample(nodes, 15))
        found = ("pingall", "Ok: " + ";".join(map(str, stopped)))
        back = until_answered([sum_of(node, 1) for node in stopped])
        return (
            [("pingall", "Ok: -1")]
            + signals("STOP", stopped)
            + [found, found]
            + together(signals("CONT", stopped) + back[:1])
            + back[1:]
        )

    lines = in_turn(bench, count, together(creates(FAULT_TREE)), script_of)
    healthy, first, second = lines[0], lines[16], Series(lines[17])
    title = f"pingall of 31 nodes of which 15 are stopped, the first one after that, {count} times"
    result = Result("pingall-stopped", title, "banyan", "ms", first)
    result.beside("healthy", "pingall while all nodes run", healthy)
    result.notes.append(f"the next pingall: {second.median:.1f} ms, at most {second.most:.1f} ms")
    yield result


# ---- the tree as a whole ----


def pingall(bench):
    for count in bench.scale.trees:
        setup = together(creates(balanced(count)))
        script = [("pingall", "Ok: -1")] * (5 if count >= 1000 else 20)
        figures = alternate(
            (bench.scale.rounds + 1) // 2,
            banyan=lambda: dialogue_median(bench, setup, script) / 1e3,
            nng=lambda: statistics.median(bench.machine.bare("survey", 100)) / 1e3,
        )
        title = f"pingall of {count} nodes in a balanced tree, all alive, median of {len(script)}"
        result = Result(f"pingall-{count}", title, "banyan", "ms", figures["banyan"], size=count)
        yield result.beside("nng", "bare nng survey of one process", figures["nng"])


def shares_mb(pid):
    """What of the memory of a process is its own: with its share of what it shares, and without."""
    sizes = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[-1] == "kB":
                sizes[words[0]] = int(words[1]) * 1024 / 1e6
    return sizes["Pss:"], sizes["Private_Clean:"] + sizes["Private_Dirty:"]


def read_pid(process):
    """The last word of its next line."""
    line = process.stdout.readline().decode().strip()
    if not line or not line.split()[-1].isdigit():
        raise BenchError(f"no process id, but: '{line}'")
    return int(line.split()[-1])


def memory_of(bench, arguments, commands, count):
    """Starts a program that tells the pids of so many processes; the average memory of one."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = bench.machine.start(arguments, **pipes)
    watchdog = threading.Timer(bench.machine.TIMEOUT_S, process.kill)
    watchdog.daemon = True
    watchdog.start()
    process.stdin.write(commands)
    process.stdin.flush()
    pids = [read_pid(process) for _ in range(count)]
    sizes = [shares_mb(pid) for pid in pids]
    process.stdin.close()
    process.stdout.read()
    bench.machine.ended(process)
    watchdog.cancel()
    if process.returncode != 0:
        raise BenchError(f"{arguments[0]} failed with status {process.returncode}")
    return [statistics.fmean(part) for part in zip(*sizes)]


def memory(bench):
    count = bench.scale.nodes
    commands = "".join(f"create {node}\n" for node in balanced(count)).encode()
    hold = [bench.machine.program("bench_bare"), "hold", str(count)]
    figures = alternate(
        min(2, bench.scale.rounds),
        banyan=lambda: memory_of(bench, bench.machine.command(), commands, count),
        nng=lambda: memory_of(bench, hold, b"", count),
    )
    totals = {name: [total for total, _ in pairs] for name, pairs in figures.items()}
    title = f"a process's own memory (PSS), average of {count}"
    result = Result("memory", title, "a node of banyan", "MB", totals["banyan"], size=count)
    result.beside("nng", "a bare nng process that listens", totals["nng"])
    for name, pairs in figures.items():
        private = statistics.median(private for _, private in pairs)
        shared = statistics.median(total - private for total, private in pairs)
        result.notes.append(f"{name}: {private:.2f} MB private, {shared:.2f} MB of what is shared")
    yield result


ROWS = {
    "bulk": bulk,
    "others": others,
    "batch": batch,
    "batch-deep": batch_deep,
    "single": single,
    "hops": hops,
    "create": create,
    "crowd": crowd,
    "crowd-chain": crowd_chain,
    "pingall": pingall,
    "pingall-stopped": pingall_stopped,
    "stop": stop,
    "kill9": kill9,
    "memory": memory,
}
