#!/usr/bin/python3
"""Runs a command where /sys/fs/cgroup looks like that of another kind of host.

    view.py v1|hybrid|v2 COMMAND [ARGUMENT...]

The command gets a mount namespace of its own. As on an ordinary host its mounts are shared, but in new peer groups:
nothing that happens in it reaches the host. A parent reaps its orphans at once. A view that this host cannot show is
one skipped test.
"""

import os
import sys

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import cgroup, kernel, reaper  # noqa: E402

MOUNT_POINT = "/sys/fs/cgroup"


class Impossible(Exception):
    """This host cannot show the view; the text says why."""


def _need_version_1():
    if cgroup.layout() == "v2":
        raise Impossible("this host has no cgroup v1 hierarchy")


def _show_v1():
    _need_version_1()
    target = cgroup.hierarchies().get("")
    if target:
        kernel.unmount(target)


def _show_hybrid():
    _need_version_1()
    if cgroup.layout() == "v1":
        target = os.path.join(MOUNT_POINT, "unified")
        os.makedirs(target, exist_ok=True)
        kernel.mount("cgroup2", target, "cgroup2", 0)


def _show_v2():
    if cgroup.layout() != "v2":
        kernel.unmount(MOUNT_POINT)  # detached with all below it: a covered hierarchy would still be in mountinfo
        kernel.mount("cgroup2", MOUNT_POINT, "cgroup2", 0)


VIEWS = {"v1": _show_v1, "hybrid": _show_hybrid, "v2": _show_v2}


def enter(name):
    """Moves this process into the view. Needs root."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SHARED)
    kernel.mount(None, MOUNT_POINT, None, kernel.MS_REC | kernel.MS_PRIVATE)
    VIEWS[name]()


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in VIEWS:
        sys.exit("usage: view.py v1|hybrid|v2 COMMAND [ARGUMENT...]")
    name, command = sys.argv[1], sys.argv[2:]
    try:
        enter(name)
    except (Impossible, PermissionError) as reason:
        print("skip view.%s: %s\n0 passed, 0 failed, 1 skipped" % (name, reason))
        return
    reaper.split()
    os.environ["ORLOP_TEST_VIEW"] = name
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
