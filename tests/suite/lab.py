"""The integration tests once more, in guests of tests/lab.

A guest has one processor, so there are several side by side. They take the programs of one list: a guest claims the next
one by making a directory for it on the machine. Starting a guest for each program would take twice the time.
"""

import os
import shlex
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

from lab import guest
from suite import programs
from suite.running import Counts, Program

LAB = [*programs.PYTHON, os.path.join(programs.SOURCE, "tests", "lab", "lab.py")]
GUESTS = max(2, min(4, len(os.sched_getaffinity(0))))
PROGRAM_SECONDS = 300
GUEST_SECONDS = 1500

# What costs minutes there, and asks orlop or the machine's network, not the kernel: "crash", "faults" and "race" run orlop under
# a tracer hundreds of times, "real_input" makes a Debian.
LEFT_OUT = ("crash", "faults", "race", "real_input")
# What deals with processes, cgroups, and the caller's session.
WITH_SYSTEMD = ("lifecycle", "process", "mounts", "cgroups", "kill", "systemd", "resources", "update", "events", "exec",
                "rootless")
# In the other guests, which have cgroup v2 alone as well, these first: the life of a container and its cgroups, and what
# people see of it.
FIRST = ("lifecycle", "process", "cgroups", "unified", "pause", "ps", "state", "foreground", "consolesocket",
         "namespaces", "choice", "command_line", "plan", "log", "bad_call", "bad_config", "terminal", "many", "small_limit",
         "time_offsets", "userns")
# These last: what has run under systemd, what the kernel and its cgroups have least to say to, and the longest of all.
LAST = ("mounts", "kill", "resources", "update", "events", "exec", "rootless", "systemd", "exec_attack", "hostile_root",
        "own_binary", "namespace_set", "mounts_command", "hooks", "examples")
# Since the beginning of all: when the last program is begun. The lab has eight minutes; what has not been begun by then, on
# a busy machine, is skipped. systemd's guests come first, for their list is the shorter one.
SYSTEMD_SECONDS = 240
V2_SECONDS = 440

# $1: what the machine hands in and gets out, by a mount of its own. The other arguments are the programs.
SCRIPT = """
shared=/run/shared
mkdir $shared && mount -t hostfs none $shared -o %s || exit 1
take() {
    [ $(date +%%s) -lt $deadline ] && mkdir $shared/claimed/$1 2>/dev/null || return 0
    begin=$(cut -d' ' -f1 /proc/uptime)
    timeout --kill-after=15 %d %s -B $2 >$shared/$1.log 2>&1
    echo $? $begin $(cut -d' ' -f1 /proc/uptime) >/run/shared-status
    sync
    cp /run/shared-status $shared/$1.new && sync && mv $shared/$1.new $shared/$1.done
}
deadline=%d
export ORLOP=%s PROBE=%s ORLOP_TEST_PATIENCE=4
"""


@dataclass
class Kind:
    """A kind of guest, and what runs in it."""
    name: str
    options: list
    programs: dict  # its path, by name
    seconds: int  # for beginning another program


def _kinds():
    paths = {os.path.basename(name): path for name, path in programs.behaviour_files()}
    paths = {name: path for name, path in paths.items() if name not in LEFT_OUT}
    order = [name for name in FIRST if name in paths]
    order += [name for name in paths if name not in FIRST + LAST]
    order += [name for name in LAST if name in paths]
    engines = {"engines": os.path.join(programs.SOURCE, "tests", "engines", "with_systemd.py")}
    return [
        Kind("under systemd", ["--systemd"], {name: paths[name] for name in WITH_SYSTEMD} | engines, SYSTEMD_SECONDS),
        Kind("in a v2 guest", [], {name: paths[name] for name in order}, V2_SECONDS),
    ]


def _alone(kind, name):
    """The same program in a guest of its own."""
    argv = [*LAB, *kind.options, "--seconds", str(PROGRAM_SECONDS), "--", "env", "ORLOP=" + programs.ORLOP,
            "PROBE=" + programs.PROBE, "ORLOP_TEST_PATIENCE=4", *programs.PYTHON, kind.programs[name]]
    return Program("%s %s" % (name, kind.name), argv, {}, PROGRAM_SECONDS + 300)


class _Batch:
    """All programs of one kind: where they are claimed and where their results are."""

    def __init__(self, kind, directory):
        self.kind = kind
        self.directory = directory
        self.reported = set()
        self.guest_failures = []
        self.deadline = time.time() + kind.seconds
        os.makedirs(os.path.join(directory, "claimed"))

    def run_guest(self, processor):
        """To the end of the list. A guest that dies is followed by another one, once."""
        for _ in range(2):
            if time.time() >= self.deadline:
                return
            log = os.path.join(self.directory, "guest-%d" % processor)
            with open(log, "w+b") as file:
                argv = [*LAB, *self.kind.options, "--cpu", str(processor), "--seconds", str(GUEST_SECONDS), self._script()]
                status = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT).returncode
                file.seek(0)
                if status == 0:
                    return
                self.guest_failures.append(file.read().decode("utf-8", "replace"))

    def _script(self):
        head = SCRIPT % (shlex.quote(self.directory), PROGRAM_SECONDS, programs.PYTHON[0], self.deadline,
                         shlex.quote(programs.ORLOP), shlex.quote(programs.PROBE))
        return head + "".join("take %s %s\n" % (name, shlex.quote(path)) for name, path in self.kind.programs.items())

    def new_results(self):
        """name, status, output, seconds of what has ended since the last call."""
        for name in self.kind.programs:
            path = os.path.join(self.directory, name)
            if name in self.reported or not os.path.exists(path + ".done"):
                continue
            self.reported.add(name)
            with open(path + ".done") as file:
                status, begin, end = file.read().split()
            with open(path + ".log", "rb") as file:
                yield name, int(status), file.read(), float(end) - float(begin)

    def late(self):
        """What nobody has begun in time."""
        if time.time() < self.deadline or (self.guest_failures and not self.reported):
            return []
        begun = os.listdir(os.path.join(self.directory, "claimed"))
        return [name for name in self.missing() if name not in begun]

    def missing(self):
        return [name for name in self.kind.programs if name not in self.reported]


class _Guests:
    def __init__(self, runner, directory):
        self.runner = runner
        self.batches = [_Batch(kind, os.path.join(directory, "lab-%d" % number)) for number, kind in enumerate(_kinds())]
        self.failed = []

    def run(self):
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(GUESTS)]
        for thread in threads:
            thread.start()
        total = Counts()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.2)
            total += self._report()
        total += self._report()
        return total + self._run_again()

    def _work(self, processor):
        for batch in self.batches:
            batch.run_guest(processor)

    def _report(self):
        total = Counts()
        for batch in self.batches:
            for name, status, output, seconds in batch.new_results():
                counts = self.runner.report(_alone(batch.kind, name), status, output, seconds)
                if counts.failed:
                    self.failed.append((batch, name))
                else:
                    total += counts
        return total

    def _run_again(self):
        """What failed, or was not run because the guest died, has a guest of its own. If there is none, that is one fault,
        not one of every test."""
        total = Counts()
        for batch in self.batches:
            for name in batch.late():
                batch.reported.add(name)
                text = "skip %s: no time left for it in the lab on this busy machine\n0 passed, 0 failed, 1 skipped\n" % name
                total += self.runner.report(_alone(batch.kind, name), 0, text.encode(), 0)
            missing = batch.missing()
            if missing == list(batch.kind.programs):
                total += self.runner.refuse("a guest " + batch.kind.name, *"".join(batch.guest_failures).splitlines())
                continue
            for text in batch.guest_failures:
                print("flaky: a guest %s:\n  | %s" % (batch.kind.name, text.replace("\n", "\n  | ")), flush=True)
            self.failed += [(batch, name) for name in missing]
        return total + sum((self.runner.again(_alone(batch.kind, name)) for batch, name in self.failed), Counts())


def run(runner):
    if guest.obstacle(systemd=True):
        return runner.run(Program("lab", [*LAB, "--systemd", "true"]))
    with tempfile.TemporaryDirectory(prefix="lab-") as directory:
        return _Guests(runner, directory).run()
