#!/usr/bin/python3
"""Makes and removes many containers, one after another and then all at once: many.py, with a description on stdin, in a view
(the state of the runtimes lives there).

  {"identifier": TEXT, "one_by_one": N, "at_once": M,
   "subjects": {NAME: {"life": [[...], ...], "root": DIRECTORY, "begin": [[...], ...], "list": [...], "end": [...]}, ...}}

`life` are the commands of a container that comes and goes, `begin` makes one that stays, `end` removes it; a word {id} is
its name. Without `begin` there is no container that stays. Prints as JSON the microseconds of each, and what is left.
"""

import ctypes
import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import leftover  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36
LISTINGS = 5


class _Caller:
    """Runs commands as an engine does, which reaps what the runtime leaves to it."""

    def __init__(self):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._said = tempfile.TemporaryFile()

    def _spawn(self, words):
        null = os.open(os.devnull, os.O_RDWR)
        said = self._said.fileno()
        os.ftruncate(said, 0)
        actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
        pid = os.posix_spawn(words[0], words, os.environ, file_actions=actions)
        os.close(null)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def microseconds(self, commands, identifier):
        """Of all these commands, one after the other."""
        begin = time.perf_counter_ns()
        for command in commands:
            words = [word.replace("{id}", identifier) for word in command]
            if status := self._spawn(words):
                self._said.seek(0)
                sys.exit(f"{' '.join(words)}: exit status {status}\n{self._said.read().decode(errors='replace').strip()}")
        taken = time.perf_counter_ns() - begin
        self.reap()
        return taken / 1000

    def reap(self):
        """True if no child is left."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        return False


def _one_by_one(caller, wanted):
    """Interleaved, so that a machine that drifts does so for all of them."""
    times = {name: [] for name in wanted["subjects"]}
    for number in range(wanted["one_by_one"]):
        for name, subject in wanted["subjects"].items():
            times[name].append(caller.microseconds(subject["life"], f"{wanted['identifier']}-{name}-{number}"))
    return times


def _at_once(caller, wanted, name, subject):
    names = [f"{wanted['identifier']}-{name}-at-once-{number}" for number in range(wanted["at_once"])]
    begun = []
    try:
        made = []
        for each in names:
            begun.append(each)
            made.append(caller.microseconds(subject["begin"], each))
        listed = [caller.microseconds([subject["list"]], name) for _ in range(LISTINGS)]
        there = len(_states(subject["root"]))
        removed = [caller.microseconds([subject["end"]], begun.pop(0)) for _ in names]
    finally:
        for each in begun:
            caller.microseconds([subject["end"]], each)
    return {"made_us": made, "listed_us": listed, "there": there, "removed_us": removed}


def _states(root):
    return [name for name in os.listdir(root) if not name.startswith(".")] if os.path.isdir(root) else []


def _mounts():
    """Without the ids, which a mount and unmount of somebody else changes."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        return sorted(line.split(" ", 2)[2] for line in table)


def main():
    wanted = json.load(sys.stdin)
    caller = _Caller()
    mounts = _mounts()
    # Once before it counts: directories, caches.
    _one_by_one(caller, {**wanted, "one_by_one": 3})
    result = {"one_by_one_us": _one_by_one(caller, wanted), "at_once": {}}
    for name, subject in wanted["subjects"].items():
        if "begin" in subject:
            result["at_once"][name] = _at_once(caller, wanted, name, subject)
    end = time.monotonic() + 5
    while not caller.reap() and time.monotonic() < end:
        time.sleep(0.02)
    result["left"] = [f"cgroup {path}" for path in leftover.find(wanted["identifier"])]
    result["left"] += [f"mount {line.strip()}" for line in _mounts() if line not in mounts]
    result["left"] += [f"state {subject['root']}/{state}" for subject in wanted["subjects"].values() if "root" in subject
                       for state in _states(subject["root"])]
    result["left"] += [] if caller.reap() else ["process of a container"]
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
