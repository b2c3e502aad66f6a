"""Takes the measurements. Every program is started in a view, with an environment of two variables."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter

import view

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
WARM_UP_ROUNDS = 3


class MeasureError(Exception):
    pass


class Sample:
    """One run, as the stopwatch saw it."""

    def __init__(self, line):
        index, wall, user, system, memory = (int(word) for word in line.split())
        self.index = index
        self.wall_us = wall / 1000
        self.cpu_us = user + system
        self.maxrss_kb = memory


_OCCUPIED = [sys.executable, "-I", os.path.join(os.path.dirname(os.path.abspath(__file__)), "occupied.py")]


def _run(view_name, command, given=""):
    done = subprocess.run(view.prefix(view_name) + command, env=ENVIRONMENT, input=given,
                          capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise MeasureError(f"{' '.join(command[:2])} … in the {view_name} view: exit status {done.returncode}\n"
                           f"{done.stderr.strip()}")
    return done.stdout


def try_out(view_name, command):
    """What the command says when it fails, else None."""
    try:
        _run(view_name, command)
    except MeasureError as failure:
        return str(failure)
    return None


def times(stopwatch, view_name, commands, rounds, idle_ms, identifier, containers=()):
    """A list of samples for each command; the n-th of one and the n-th of another come from the same round. Back to back
    means after a run of its own: the stopwatch says why. The containers run meanwhile."""
    lead_ins = 0 if idle_ms else 1
    arguments = [stopwatch, str(rounds), str(WARM_UP_ROUNDS), str(lead_ins), str(idle_ms), identifier]
    for position, command in enumerate(commands):
        arguments += (["--"] if position else []) + command
    if containers:
        said = _run(view_name, _OCCUPIED, json.dumps({"containers": containers, "command": arguments}))
    else:
        said = _run(view_name, arguments)
    samples = [[] for _ in commands]
    for line in said.splitlines():
        sample = Sample(line)
        samples[sample.index].append(sample)
    return samples


def many(view_name, description):
    """What `many.py` has measured in that view."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "many.py")
    return json.loads(_run(view_name, [sys.executable, "-B", script], json.dumps(description)))


def peak_memory(weigh, view_name, payload, command):
    """KB of the process that was started, and of the largest process of the runtime, the payload not counted."""
    lines = [line.split() for line in _run(view_name, [weigh, payload, *command]).splitlines()]
    main = lines[0][1]
    peaks = [(pid, int(kilobytes)) for pid, kilobytes in lines[1:]]
    return {
        "own_process_kb": max(kilobytes for pid, kilobytes in peaks if pid == main),
        "largest_process_kb": max(kilobytes for _, kilobytes in peaks),
    }


def system_calls(strace, view_name, command):
    with tempfile.NamedTemporaryFile(prefix="orlop-bench-", mode="r", errors="replace") as log:
        _run(view_name, [strace, "-f", "-qq", "-o", log.name, *command])
        return count_calls(log)


_CALL = re.compile(r"(\d+) +(\w+)\((.*)")
_SPAWNS = ("clone", "clone3", "fork", "vfork")


class _Count:
    def __init__(self):
        self.own, self.container, self.payload = Counter(), Counter(), Counter()
        self.processes = self.threads = 0
        self._main = set()
        self._payload = set()
        self._spawning = {}

    def call(self, thread, name, rest):
        self._main = self._main or {thread}
        if thread in self._payload:
            self.payload[name] += 1
        elif thread in self._main:
            self.own[name] += 1
        else:
            self.container[name] += 1
        if name == "execve" and rest.startswith('"/bin/true"'):
            self._payload.add(thread)
        if name in _SPAWNS:
            self._spawning[thread] = rest
            self.returned(thread, name, rest)

    def returned(self, thread, name, rest):
        made = re.search(r"\) += (\d+)$", rest)
        if name not in _SPAWNS or not made:
            return
        if "CLONE_THREAD" not in self._spawning.pop(thread, rest):
            self.processes += 1
            return
        self.threads += 1
        # Inside a pid namespace the number is another one, but nothing there is a thread of the main process.
        if thread in self._main:
            self._main.add(made.group(1))

    def superseded(self, leader, thread):
        # A thread that executes goes on under the number of its process.
        if thread in self._payload:
            self._payload.add(leader)

    def result(self):
        return {
            "total": self.own.total() + self.container.total(),
            "own_process": self.own.total(),
            "container_side": self.container.total(),
            "payload": self.payload.total(),
            "processes": self.processes,
            "threads": self.threads,
            "by_name": dict((self.own + self.container).most_common()),
        }


_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
_SUPERSEDED = re.compile(r"(\d+) +\+\+\+ superseded by execve in pid (\d+) ")


def count_calls(log):
    """Reads a log of `strace -f`. The calls of the payload are counted apart: they are not the runtime's."""
    count = _Count()
    for line in log:
        if called := _CALL.match(line):
            count.call(*called.groups())
        elif resumed := _RESUMED.match(line):
            count.returned(*resumed.groups())
        elif replaced := _SUPERSEDED.match(line):
            count.superseded(*replaced.groups())
    return count.result()
