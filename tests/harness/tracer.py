"""orlop under tests/tracer: what it calls, and what happens when one of these calls is disturbed."""

import os
import re

from . import program, settings
from .case import skip

TRACER = os.environ.get("TRACER") or os.path.join(os.path.dirname(settings.ORLOP), "tests", "tracer", "tracer")


def need():
    if not os.access(TRACER, os.X_OK):
        skip("%s is not there" % TRACER)


class Call:
    """One line of the log: the process (0 is orlop itself), the number of the call in it, its name and its path."""

    def __init__(self, line):
        words = line.split("\t")
        self.process, self.number, self.name = int(words[1]), int(words[2]), words[3]
        self.directory, self.path = (words + ["", ""])[4:6]

    @property
    def at(self):
        return "%d:%d" % (self.process, self.number)

    def __str__(self):
        return "%s %s(%s, %s)" % (self.at, self.name, self.directory, self.path)


def run(log, argv, *options, timeout=40, **how):
    """The result of the program, and the lines of the tracer's log."""
    result = program.run([TRACER, "--log", log, *options, "--", *argv], timeout=timeout, **how)
    with open(log, errors="replace") as file:
        return result, [line.rstrip("\n") for line in file]


def calls(lines):
    return [Call(line) for line in lines if line.startswith("call\t")]


def _without_ids(words):
    return [re.sub(settings.TAG + r"x\d+|\b\d+\b", "", word) for word in words]


def was_disturbed(lines, call):
    """The call was made, and was the one that it is without disturbance, but for the container's id and pid."""
    wanted = _without_ids([call.name, call.directory, call.path])
    return any(_without_ids(line.split("\t")[3:6]) == wanted for line in lines if line.startswith("disturbed\t"))


def violations(lines):
    return [line for line in lines if line.startswith("violation\t")]
