"""What the bench prints: a table for people, JSON for machines."""

import json
import os
import platform

from aims import AIMS

LABEL, FIGURE = 43, 32  # columns


def verdict(key, yardstick, series, size):
    """How figures stand to their aim, by the median; None: there is no aim. met is None at another
    size. certain: all rounds say the same, or the aim is for the maximum, too."""
    aim = AIMS.get((key, yardstick))
    if aim is None:
        return None
    judged = aim.size is None or aim.size == size
    return {
        "aim": str(aim),
        "size": aim.size,
        "met": aim.is_met_by(series) if judged else None,
        "certain": aim.is_certain(series) if judged else None,
    }


def own_verdict(result):
    return verdict(result.key, None, result.series, result.size)


def comparison_verdict(result, comparison):
    return verdict(result.key, comparison.key, comparison.ratio, result.size)


def verdict_text(found):
    if found is None:
        return ""
    if found["met"] is None:
        return f"aim at {found['size']}: {found['aim']}"
    if found["met"]:
        return f"aim {found['aim']}: met" + ("" if found["certain"] else ", not in every round")
    return f"aim {found['aim']}: NOT MET" + ("" if found["certain"] else ", but in some rounds")


def short(value):
    """Three digits that count."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"


def spread(series, unit=""):
    return f"{short(series.median):>9} {unit:<3}{short(series.least)}..{short(series.most)}"


def print_line(label, series, unit, ratio=None, ratio_unit="", found=None):
    line = f"  {label:{LABEL}}{spread(series, unit):{FIGURE}}"
    if ratio is not None:
        line += f"{spread(ratio)}{ratio_unit}"
    print(f"{line:{LABEL + 2 * FIGURE}}  {verdict_text(found)}".rstrip())


def print_result(result):
    print(f"{result.key}: {result.title}")
    print_line(result.subject, result.series, result.unit, found=own_verdict(result))
    for comparison in result.comparisons:
        print_line(
            comparison.label,
            comparison.series,
            result.unit,
            comparison.ratio,
            " times faster" if comparison.inverse else "",
            comparison_verdict(result, comparison),
        )
    for name in result.absent:
        print(f"  {name:{LABEL}}not installed")
    for note in result.notes:
        print(f"  {note}")


def print_head(about):
    print(f"{about['versions']}; {about['cpu']}, {about['cores']} cores, {about['kernel']}")
    print(f"{about['scale']} run, seed {about['seed']}; ", end="")
    print(f"files and sockets on {about['filesystem']}; ", end="")
    print(f"load at the start {about['load']:.1f}", end="")
    print(" (what else runs disturbs the figures)" if about["load"] > 0.5 else "")
    print(f"{'':{LABEL + 8}}median   min..max{'':15}by yardstick   min..max")


def result_json(result):
    return {
        "name": result.key,
        "title": result.title,
        "subject": result.subject,
        "unit": result.unit,
        "size": result.size,
        **result.series.as_dict(),
        "verdict": own_verdict(result),
        "yardsticks": [
            {
                "name": comparison.key,
                "label": comparison.label,
                **comparison.series.as_dict(),
                "ratio_of": "yardstick/subject" if comparison.inverse else "subject/yardstick",
                "ratio": comparison.ratio.as_dict(),
                "verdict": comparison_verdict(result, comparison),
            }
            for comparison in result.comparisons
        ],
        "not_installed": result.absent,
        "notes": result.notes,
    }


def print_json(about, results):
    print(json.dumps({**about, "results": [result_json(r) for r in results]}, indent=2))


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def filesystem(path):
    """Of what kind it is: sockets are made faster in memory than on a disk."""
    best, kind = "", "unknown"
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            mount, name = line.split()[1:3]
            if (path + "/").startswith(mount.rstrip("/") + "/") and len(mount) >= len(best):
                best, kind = mount, name
    return kind


def about_machine(machine):
    versions, _ = machine.run([machine.program("banyan"), "--version"])
    return {
        "versions": versions.decode().strip(),
        "cpu": cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release()}",
        "filesystem": filesystem(os.path.realpath(machine.directory)),
        "load": os.getloadavg()[0],
    }
