"""Runs one test program with a time limit, counts its tests, and prints a line."""

import os
import re
import time
from dataclasses import dataclass, field

from suite import background, traces

# What our own programs close with; a program without it is one test, by its exit status.
CLOSING = re.compile(rb"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)
TIMED_OUT = 124  # timeout(1)
SKIPPED = 77  # as automake and meson have it


@dataclass
class Program:
    name: str
    argv: list
    env: dict = field(default_factory=dict)
    seconds: int = 300
    cwd: str = None
    may_be_empty: bool = False  # a program without quick tests
    beside: bool = False  # begun at once, beside the others: needs no quiet machine

    def file_name(self):
        return re.sub(r"[^a-z0-9.]+", "-", self.name)


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return "%d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped)


def _count(program, status, output):
    closings = CLOSING.findall(output)
    if not closings:
        return Counts(passed=status == 0, failed=status not in (0, SKIPPED), skipped=status == SKIPPED)
    counts = Counts(*(int(number) for number in closings[-1]))
    # A crash or a leak behind the last test, or nothing tested at all.
    is_empty = not (counts.passed or counts.failed or counts.skipped) and not program.may_be_empty
    if not counts.failed and (status != 0 or is_empty):
        counts.failed = 1
    return counts


class Runner:
    def __init__(self, logs):
        self._logs = logs
        self._background = None

    def begin(self, programs):
        """Those that run beside the others; `run` waits for their ends."""
        self._background = background.Background(programs, self._logs)
        traces.spare(self._background.pid)

    def run(self, program):
        """A program that fails is run once more: what then passes is a flaky test, counted as passed and named as a bug of
        today in a line of its own. A fault that is really there fails twice."""
        counts = self._run_once(program)
        return self.again(program) if counts.failed else counts

    def again(self, program):
        """Of a program that failed."""
        counts = self._run_once(program)
        if not counts.failed:
            print("flaky: %s failed at first (its output is above)" % program.name, flush=True)
        return counts

    def _run_once(self, program):
        ended = self._background and self._background.take(program)
        if ended:
            return self.report(program, *ended)
        begin = time.monotonic()
        status, output = self._execute(program)
        left = traces.end_descendants()
        return self.report(program, status, output, time.monotonic() - begin, left)

    def report(self, program, status, output, seconds, left=()):
        """Counts and prints what a program has done."""
        counts = _count(program, status, output)
        if left:
            counts.failed += 1
        self._print(program.name, counts, seconds)
        if counts.failed:
            self._show(output, status, program.seconds, left)
        return counts

    def accept(self, name):
        """A check of our own that succeeded."""
        return self._print(name, Counts(passed=1), 0)

    def refuse(self, name, *reasons):
        self._print(name, Counts(failed=1), 0)
        for reason in reasons:
            print("  |", reason, flush=True)
        return Counts(failed=1)

    def _execute(self, program):
        path = os.path.join(self._logs, program.file_name() + ".log")
        with open(path, "w+b") as log:
            status = background.execute(program, log)
            log.seek(0)
            return status, log.read()

    def _print(self, name, counts, seconds):
        print("%-4s %7.1f s  %-38s %s" % ("FAIL" if counts.failed else "ok", seconds, name, counts), flush=True)
        return counts

    def _show(self, output, status, seconds, left):
        """Behind a bar: a closing line in there is not ours."""
        for line in output.decode("utf-8", "replace").splitlines():
            print("  |", line)
        if status == TIMED_OUT:
            print("  | no end after %d s" % seconds)
        elif status:
            print("  | exit status %d" % status)
        for process in left:
            print("  | left running: " + process)
        print(end="", flush=True)
