"""The cgroup hierarchies that this mount namespace shows."""

import os
import re
import time


def _unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def hierarchies():
    """Mount point of each hierarchy by its key in /proc/PID/cgroup: "memory", "name=systemd", "" for version 2."""
    found = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            kind, _, options = after.split()[:3]
            target = _unescape(before.split()[4])
            if kind == "cgroup2":
                found.setdefault("", target)
            elif kind == "cgroup":
                found.setdefault(_key(options), target)
    return {key: target for key, target in found.items() if target.startswith("/sys/fs/cgroup")}


def _key(options):
    """The hierarchy's controllers in the order in which the mount lists them, which /proc/PID/cgroup has too."""
    flags = ("rw", "ro", "xattr", "clone_children", "noprefix", "release_agent")
    words = [word for word in options.split(",") if word.split("=")[0] not in flags]
    return ",".join(words)


def layout():
    """"v1", "hybrid" or "v2"."""
    keys = set(hierarchies())
    if "" not in keys:
        return "v1"
    return "hybrid" if len(keys) > 1 else "v2"


def controllers():
    """Those of the version 1 hierarchies, and those that version 2 offers in its root."""
    found = set()
    for key, target in hierarchies().items():
        if key:
            found.update(key.split(","))
            continue
        with open(os.path.join(target, "cgroup.controllers")) as file:
            found.update(file.read().split())
    return found


def own(pid="self"):
    """The path of a process in each hierarchy."""
    with open("/proc/%s/cgroup" % pid) as file:
        lines = [line.rstrip("\n").split(":", 2) for line in file]
    return {controllers: path for _, controllers, path in lines}


def directories():
    """Every cgroup in every hierarchy, as directories of the host."""
    found = set()
    for target in hierarchies().values():
        for path, _, _ in os.walk(target):
            found.add(path)
    return found


def path_of(key, relative):
    return os.path.join(hierarchies()[key], relative.lstrip("/"))


def remove(path):
    """Of an empty one; busy until the kernel has taken the killed processes out."""
    for _ in range(100):
        try:
            return os.rmdir(path)
        except FileNotFoundError:
            return None
        except OSError:
            time.sleep(0.01)
    return None
