#!/usr/bin/python3
"""SIGKILL of orlop at any moment: "delete --force" cleans everything."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Crash(ContainerCase):
    failures = 0

    def duration(self, *words):
        """The median of a few undisturbed calls, so that the sweep covers the whole of one."""
        samples = []
        for _ in range(5):
            name = self.new_id()
            samples.append(self.runtime.ok(*words, name).seconds)
            self.runtime.ok("delete", "--force", name)
        return sorted(samples)[2]

    def check_after_crash(self, name):
        """What one step leaves is swept away, so that it does not make the next one fail."""
        try:
            self.assert_cleaned(name)
        except AssertionError:
            self.host.sweep()
            shutil.rmtree(self.runtime.root, ignore_errors=True)
            self.failures += 1
            raise

    def assert_cleaned(self, name):
        """Readers give an answer, and the clean-up leaves nothing."""
        state = self.runtime.call("state", name)
        if state.status == 0:
            self.assertEqual(json.loads(state.stdout)["id"], name)
        else:
            self.assert_one_line(state)
        self.assertEqual(self.runtime.call("list").status, 0)
        cleaned = self.runtime.ok("delete", "--force", name)
        self.assertEqual((cleaned.stdout, cleaned.stderr), ("", ""))
        self.assertEqual(self.runtime.entries(), [])
        self.assert_nothing_left()

    def sweep(self, words, steps):
        span = self.duration(*words)
        for step in range(steps):
            name = self.new_id()
            process = subprocess.Popen(self.runtime.argv(*words, name), **QUIET)
            time.sleep(span * 1.3 * step / steps)
            process.kill()
            process.wait(10)
            with self.subTest(moment="%.2f ms" % (1000 * span * 1.3 * step / steps)):
                self.check_after_crash(name)
            if self.failures >= 3:
                break


class ByTime(Crash):
    @quick
    def test_create(self):
        bundle = self.bundle("/bin/probe", "sleep")
        self.sweep(("create", "--bundle", bundle.path), 25)

    def test_create_without_a_pid_namespace(self):
        """No kernel ends the container's processes for us here."""
        bundle = self.bundle("/bin/probe", "sleep", change=lambda bundle: bundle.drop_namespace("pid"))
        self.sweep(("create", "--bundle", bundle.path), 15)

    def test_run(self):
        bundle = self.bundle("/bin/probe", "spawn", "2", "300", "+", "sleep")
        self.sweep(("run", "--detach", "--bundle", bundle.path), 15)

    def test_foreground_run_long_after_the_start(self):
        bundle = self.bundle("/bin/probe", "say", "up", "+", "sleep")
        name = self.new_id()
        process = subprocess.Popen(self.runtime.argv("run", "--bundle", bundle.path, name),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        process.stdout.readline()
        process.kill()
        process.wait()
        process.stdout.close()
        self.check_after_crash(name)

    def test_start(self):
        bundle = self.bundle("/bin/probe", "sleep")
        for step in range(12):
            name = self.new_id()
            self.runtime.ok("create", "--bundle", bundle.path, name)
            process = subprocess.Popen(self.runtime.argv("start", name), **QUIET)
            time.sleep(0.0005 * step)
            process.kill()
            process.wait(10)
            # Half way is allowed, a third state is not.
            self.assertIn(self.runtime.status(name), ("created", "running"))
            self.check_after_crash(name)

    def test_delete(self):
        bundle = self.bundle("/bin/probe", "sleep")
        for step in range(12):
            name = self.new_id()
            self.runtime.ok("run", "--detach", "--bundle", bundle.path, name)
            process = subprocess.Popen(self.runtime.argv("delete", "--force", name), **QUIET)
            time.sleep(0.0008 * step)
            process.kill()
            process.wait(10)
            self.check_after_crash(name)

    def test_the_id_can_be_used_at_once(self):
        bundle = self.bundle("/bin/true")
        process = subprocess.Popen(self.runtime.argv("create", "--bundle", bundle.path, "again"), **QUIET)
        time.sleep(0.002)
        process.kill()
        process.wait()
        self.runtime.ok("delete", "--force", "again")
        self.runtime.ok("run", "--bundle", bundle.path, "again")


class BySystemCall(Crash):
    """strace kills orlop on entry to its Nth system call: every step of the parent, without luck."""

    EVERY = 3  # a prime would be no better: the offset below changes with each test

    def trace(self, words, name, number=None):
        """The process itself is traced, not its children. Returns the number of calls that it made."""
        log = os.path.join(self.directory, "trace")
        options = ["-o", log, "-qq"]
        if number:
            options += ["-e", "inject=all:signal=SIGKILL:when=%d" % number]
        result = program.run(["strace"] + options + self.runtime.argv(*words, name), timeout=20)
        assert number or result.status == 0, "undisturbed, it should succeed: %s" % result
        with open(log, errors="replace") as file:
            return len([line for line in file if re.match(r"\w+\(", line)])

    def every(self, words, offset, prepare=None):
        if not shutil.which("strace"):
            skip("strace is not installed")
        name = self.new_id()
        if prepare:
            prepare(name)
        total = self.trace(words, name)
        self.check_after_crash(name)
        self.assertGreater(total, 20)
        for number in range(1 + offset, total + 1, self.EVERY):
            name = self.new_id()
            if prepare:
                prepare(name)
            self.trace(words, name, number)
            with self.subTest(system_call=number, of=total):
                self.check_after_crash(name)
            if self.failures >= 3:
                break

    def test_create_first_third(self):
        bundle = self.bundle("/bin/probe", "sleep")
        self.every(("create", "--bundle", bundle.path), 0)

    def test_create_second_third(self):
        bundle = self.bundle("/bin/probe", "sleep")
        self.every(("create", "--bundle", bundle.path), 1)

    def test_create_last_third(self):
        bundle = self.bundle("/bin/probe", "sleep")
        self.every(("create", "--bundle", bundle.path), 2)

    def test_start(self):
        bundle = self.bundle("/bin/probe", "sleep")
        self.every(("start",), 0, lambda name: self.runtime.ok("create", "--bundle", bundle.path, name))

    def test_delete(self):
        bundle = self.bundle("/bin/probe", "sleep")
        self.every(("delete", "--force"), 0, lambda name: self.runtime.ok("create", "--bundle", bundle.path, name))


if __name__ == "__main__":
    runner.main()
