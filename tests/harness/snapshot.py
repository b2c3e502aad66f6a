"""What a container could leave behind on the host: taken before and after, compared."""

import os
import signal
import time

from . import cgroup, program, reaper, settings


# What an earlier test left may go away at any time; what the machine itself has must stay.
VANISHING = ("processes", "keyrings", "cgroups", "/dev/shm")


def _mounts():
    """mountinfo without the ids, which a harmless mount and unmount of someone else would change."""
    with open("/proc/self/mountinfo") as file:
        lines = [line.split(" ", 2)[2].rstrip("\n") for line in file]
    return {"%s (%d times)" % (line, lines.count(line)) for line in lines}


def _cgroups():
    found = cgroup.directories()
    if settings.EXCLUSIVE:
        return found
    return {path for path in found if settings.TAG in path}


def _processes(reaper_pid):
    """The live ones that are not this program: every orphan of a test is a descendant of the reaper."""
    found = set()
    for pid in reaper.descendants(reaper_pid):
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                words = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if program.alive(pid):
            found.add("%d %s" % (pid, words.strip() or "?"))
    return {line for line in found if int(line.split()[0]) != os.getpid()}


def _keyrings():
    """Session keyrings of our containers; the kernel removes an unused one a little later."""
    try:
        with open("/proc/keys") as file:
            return {line.split()[0] + " " + line.split()[-2] for line in file if settings.TAG in line}
    except OSError:
        return set()


def _names(path):
    return set(os.listdir(path)) if os.path.isdir(path) else set()


class HostSnapshot:
    """`places` are directories whose entries are compared: the state root, the bundle."""

    def __init__(self, places=()):
        self.places = tuple(places)
        self.content = {
            "mounts": _mounts(),
            "cgroups": _cgroups(),
            "processes": _processes(os.getppid()),
            "keyrings": _keyrings(),
            "/dev/shm": {name for name in _names("/dev/shm") if settings.EXCLUSIVE or settings.TAG in name},
            "interfaces": _names("/sys/class/net"),
        }
        for place in self.places:
            self.content[place] = {name for name in _names(place) if not name.startswith(".")}

    def sweep(self):
        """After a failed test: ends what it left and removes its cgroups, so that the next test starts clean."""
        now = HostSnapshot(self.places)
        for line in now.content["processes"] - self.content["processes"]:
            try:
                os.kill(int(line.split()[0]), signal.SIGKILL)
            except ProcessLookupError:
                pass
        left = {path for path in now.content["cgroups"] - self.content["cgroups"] if settings.TAG in path}
        for path in sorted(left, reverse=True):
            cgroup.remove(path)

    def difference(self):
        """Lines that say what is new and what is missing now."""
        now = HostSnapshot(self.places)
        lines = []
        for kind, before in self.content.items():
            after = now.content[kind]
            lines += ["%s: new: %s" % (kind, each) for each in sorted(after - before)]
            if kind not in VANISHING:
                lines += ["%s: gone: %s" % (kind, each) for each in sorted(before - after)]
        return lines

    def assert_same(self, timeout=3.0):
        """Some things end a little later than the call that ended them: a reaped orphan, an unused keyring."""
        end = time.monotonic() + timeout * settings.PATIENCE
        while True:
            lines = self.difference()
            if not lines:
                return
            if time.monotonic() > end:
                raise AssertionError("left behind on the host:\n  " + "\n  ".join(lines))
            time.sleep(0.02)
