"""Runs the test cases of the calling program, one line a test, and closes with the counts.

    PROGRAM [--quick] [--list] [NAME...]      a test runs when its name contains one of the words
"""

import argparse
import contextlib
import os
import signal
import sys
import time
import traceback
import unittest

from . import reaper, settings


class _Lines(unittest.TestResult):
    """Counts, and prints a line as soon as a test is done."""

    def __init__(self):
        super().__init__()
        self.passed = self.failed = self.skipped_tests = 0
        self._begin = 0.0
        self._details = []
        self._reason = None

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()
        self._details = []
        self._reason = None

    def _add(self, error, title=""):
        kind, value, trace = error
        frames = [frame for frame in traceback.extract_tb(trace) if "/unittest/" not in frame.filename]
        text = "".join(traceback.format_list(frames) + traceback.format_exception_only(kind, value))
        self._details.append(title + text)

    def addError(self, test, err):
        self._add(err)

    def addFailure(self, test, err):
        self._add(err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._add(err, "with %s\n" % subtest._subDescription())

    def addSkip(self, test, reason):
        self._reason = reason

    def stopTest(self, test):
        super().stopTest(test)
        name = short_name(test)
        seconds = time.monotonic() - self._begin
        if self._details:
            self.failed += 1
            print("FAIL %s %.2fs\n    %s" % (name, seconds, _shorten(self._details)))
        elif self._reason is not None:
            self.skipped_tests += 1
            print("skip %s: %s" % (name, self._reason))
        else:
            self.passed += 1
            print("ok %s %.2fs" % (name, seconds))
        sys.stdout.flush()


def _shorten(details, most=60):
    lines = "\n".join(details).rstrip().splitlines()
    if len(lines) > most:
        lines[most:] = ["... %d more lines" % (len(lines) - most)]
    return "\n    ".join(line[:1000] for line in lines)


def short_name(test):
    words = test.id().split(".")
    return ".".join(words[-2:])


def _flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flatten(test)
        else:
            yield test


def _is_quick(test):
    method = getattr(test, test._testMethodName)
    return getattr(method, "quick", False) or getattr(type(test), "quick", False)


def _select(options):
    tests = list(_flatten(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])))
    if options.quick:
        tests = [test for test in tests if _is_quick(test)]
    if options.names:
        tests = [test for test in tests if any(name in short_name(test) for name in options.names)]
    return tests


def _out_of_time(_number, _frame):
    raise AssertionError("the test took too long")


def _run(tests):
    result = _Lines()
    signal.signal(signal.SIGALRM, _out_of_time)
    for test in tests:
        signal.alarm(int(getattr(test, "seconds", 0) * settings.PATIENCE) or settings.TEST_SECONDS)
        unittest.TestSuite([test]).run(result)
        signal.alarm(0)
    print("%d passed, %d failed, %d skipped" % (result.passed, result.failed, result.skipped_tests))
    return 1 if result.failed else 0


def _obstacle():
    """Why nothing can run here: the text, and whether that is a failure."""
    for path in (settings.ORLOP, settings.PROBE):
        if not os.access(path, os.X_OK):
            return "%s is not there: build first, or set ORLOP and PROBE" % path, True
    if os.geteuid() != 0:
        return "needs root", False
    return None, False


def main(around=contextlib.nullcontext):
    """`around` makes a context manager in which the tests run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="only the tests that are marked as quick")
    parser.add_argument("--list", action="store_true", help="print the names and run nothing")
    parser.add_argument("names", nargs="*", help="run the tests whose names contain one of these")
    options = parser.parse_args()
    tests = _select(options)
    if options.list:
        print("\n".join(short_name(test) for test in tests))
        return
    reason, failed = _obstacle()
    if reason:
        print("%s %s: %s" % ("FAIL" if failed else "skip", os.path.basename(sys.argv[0]), reason))
        print("0 passed, %d failed, %d skipped" % (failed, not failed))
        sys.exit(int(failed))
    reaper.split()
    settings.retag()
    with around():
        status = _run(tests)
    sys.exit(status)
