#!/usr/bin/python3
"""Runs a command in a view of the host: view.py v1|v2|hybrid COMMAND [ARG]...

A view is a private mount namespace, with private propagation, a fresh tmpfs on /run (the runtimes keep their state there,
as on an ordinary host) and another /sys/fs/cgroup. The host's own mounts stay as they are, and everything is gone with
the last process of the namespace:

  v1      only the v1 hierarchies; crun refuses a host that has both kinds
  v2      a cgroup2 over all of /sys/fs/cgroup
  hybrid  the v1 hierarchies and a cgroup2 below `unified`
"""

import ctypes
import os
import sys

NAMES = ("v1", "v2", "hybrid")
ROOT = "/sys/fs/cgroup"
UNIFIED = ROOT + "/unified"

CLONE_NEWNS = 0x20000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


class ViewError(Exception):
    pass


def _check(result, call):
    if result < 0:
        raise ViewError(f"{call}: {os.strerror(ctypes.get_errno())}")


def _mount(source, target, kind, flags=0, data=None):
    encode = lambda text: None if text is None else os.fsencode(text)
    result = _libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags), encode(data))
    _check(result, f"mount on {target}")


def _detach(target):
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount of {target}")


def mounted(kind):
    """The mount points of this kind at or below /sys/fs/cgroup, in the order of their mounting."""
    points = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        for line in table:
            left, right = line.split(" - ", 1)
            point = left.split()[4]
            if right.split()[0] == kind and (point == ROOT or point.startswith(ROOT + "/")):
                points.append(point)
    return points


def v1_hierarchies():
    return [os.path.basename(point) for point in mounted("cgroup")]


def obstacle(name):
    """Why this host cannot give the view, or None."""
    if name in ("v1", "hybrid") and not v1_hierarchies():
        return f"this host has no cgroup v1 hierarchies, so no {name} view"
    return None


def _cover_with_v2():
    _detach(ROOT)
    # Without the tmpfs of a v1 host there is the empty directory of sysfs again, which is all that a mount needs.
    _mount("cgroup2", ROOT, "cgroup2")


def _remove_v2():
    for point in reversed(mounted("cgroup2")):
        _detach(point)


def _add_unified():
    if mounted("cgroup2"):
        return
    os.makedirs(UNIFIED, exist_ok=True)
    _mount("cgroup2", UNIFIED, "cgroup2")


def enter(name):
    reason = obstacle(name)
    if reason:
        raise ViewError(reason)
    _check(_libc.unshare(CLONE_NEWNS), "unshare")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    {"v1": _remove_v2, "v2": _cover_with_v2, "hybrid": _add_unified}[name]()


def prefix(name):
    """What to put before a command so that it runs in the view."""
    return [sys.executable, "-I", os.path.abspath(__file__), name]


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in NAMES:
        sys.exit(__doc__.splitlines()[0])
    try:
        enter(sys.argv[1])
        os.execvp(sys.argv[2], sys.argv[2:])
    except (ViewError, OSError) as error:
        sys.exit(f"view.py: {error}")


if __name__ == "__main__":
    main()
