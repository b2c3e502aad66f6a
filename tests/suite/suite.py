#!/usr/bin/python3
"""Runs every test program of a finished build, a line a program, and closes with the counts of all tests.

    suite.py [--quick|--lab]       contrib/test builds, and calls this

Full outputs go to build/test-logs. Exit status: 0 if tests were run and none failed.
"""

import argparse
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import kernel  # noqa: E402
from suite import lab, programs, traces  # noqa: E402
from suite.running import Counts, Runner  # noqa: E402

LOGS = os.path.join(programs.BUILD, "test-logs")


def end_with_status(number, _frame):
    sys.exit(128 + number)


def set_up(directory):
    """Every program, and what it leaves behind, is below this process and in this directory."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_with_status)
    kernel.adopt_orphans()
    os.environ.update(TMPDIR=directory, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1")
    shutil.rmtree(LOGS, ignore_errors=True)
    os.makedirs(LOGS)


def run_all(options):
    total = Counts()
    runner = Runner(LOGS)
    before = traces.find()
    groups = [] if options.lab else list(programs.groups(options.quick))
    beside = [program for _, found in groups for program in found if program.beside]
    if beside:
        runner.begin(beside)
    for name, found in groups:
        # A list that is empty by mistake must not look like success.
        total += sum((runner.run(each) for each in found), Counts()) if found else runner.refuse(name, "no such program")
    if not options.quick:
        total += lab.run(runner)
    left = traces.left_since(before)
    return total + (runner.refuse("nothing is left behind", *left) if left else runner.accept("nothing is left behind"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="the unit tests and the quick integration tests only")
    parser.add_argument("--lab", action="store_true", help="the integration tests in guests of tests/lab only")
    options = parser.parse_args()
    traces.sweep()
    directory = traces.make_directory()
    total = Counts()
    try:
        set_up(directory)
        total = run_all(options)
    finally:
        traces.end_all()
        traces.sweep()
        shutil.rmtree(directory, ignore_errors=True)
    print(total, flush=True)
    sys.exit(1 if total.failed or not total.passed else 0)


if __name__ == "__main__":
    main()
