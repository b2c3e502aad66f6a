"""Finds and removes what a run of the bench left in the host's cgroups: nothing, if all goes well."""

import os
import signal
import time

import view


def _own_cgroups():
    """The cgroups of this process: a runtime may make its own below them instead of at the top."""
    with open("/proc/self/cgroup", encoding="utf-8") as table:
        return {line.rstrip("\n").split(":", 2)[2].lstrip("/") for line in table}


def _places():
    for point in view.mounted("cgroup") + view.mounted("cgroup2"):
        for below in _own_cgroups():
            place = os.path.join(point, below)
            if os.path.isdir(place):
                yield place


def find(prefix):
    found = set()
    for place in _places():
        found.update(entry.path for entry in os.scandir(place) if entry.is_dir() and entry.name.startswith(prefix))
    return sorted(found)


def _processes(cgroup):
    try:
        with open(os.path.join(cgroup, "cgroup.procs"), encoding="ascii") as table:
            return [int(pid) for pid in table.read().split()]
    except OSError:
        return []


def _empty(cgroup):
    """Kills what runs inside. The name of the cgroup is this bench's own, so the processes are too."""
    for pid in _processes(cgroup):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _remove(cgroup):
    # A killed process leaves its cgroup a little later than kill returns.
    for _ in range(50):
        for directory, _, _ in os.walk(cgroup, topdown=False):
            _empty(directory)
            try:
                os.rmdir(directory)
            except OSError:
                time.sleep(0.02)
        if not os.path.isdir(cgroup):
            return


def remove(prefix):
    """Returns the names of the containers that had left something."""
    cgroups = find(prefix)
    for cgroup in cgroups:
        _remove(cgroup)
    return sorted({os.path.basename(cgroup) for cgroup in cgroups})
