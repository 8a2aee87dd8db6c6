"""What the tests in this folder ask about processes."""

import os
import sys
import time

PATIENCE_S = 60


def lives(pid):
    try:
        with open('/proc/%d/stat' % pid) as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            sys.exit('FAILED: ' + what())
        time.sleep(0.005)


def nodes_in(directory):
    """Processes whose arguments name the directory: nodes whose process ids are not known."""
    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open('/proc/%s/cmdline' % entry, 'rb') as arguments:
                if b'ipc://' + directory.encode() in arguments.read() and lives(int(entry)):
                    found.append(int(entry))
        except OSError:
            pass
    return found


def peak_kb(pid):
    """The most memory that a process has had resident."""
    with open('/proc/%d/status' % pid) as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmHWM:'))
