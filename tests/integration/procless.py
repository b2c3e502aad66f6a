#!/usr/bin/python3
"""A configuration without `process`: a container that others join, and that never starts."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


class WithoutProcess(ContainerCase):
    def make(self):
        return self.create(change=lambda bundle: bundle.config.pop("process"))[0]

    @quick
    def test_create_start_delete(self):
        name = self.make()
        self.assertEqual(self.runtime.status(name), "created")
        pid = self.pid_of(name)
        for _ in range(2):
            result = self.runtime.refuses("start", name)
            self.assert_one_line(result, "process is missing in config.json: there is nothing to start")
            self.assertEqual((self.runtime.status(name), self.pid_of(name)), ("created", pid))
        self.runtime.ok("delete", name)
        self.wait_dead(pid)
        self.assert_nothing_left()

    @quick
    def test_run_is_refused(self):
        for words in ((), ("--detach",)):
            result = self.run_container(change=lambda bundle: bundle.config.pop("process"), words=words)
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "process: is missing: there is nothing to run")
        self.assert_nothing_left()

    def test_exec_and_kill(self):
        name = self.make()
        pid = self.pid_of(name)
        result = self.runtime.ok("exec", name, "/bin/sh", "-c", "hostname; (sleep 0.2 &)")
        self.assertEqual(result.stdout.strip(), "orlop")
        self.runtime.ok("kill", name, "KILL")
        self.wait_dead(pid)
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    def test_it_has_no_capabilities(self):
        pid = self.pid_of(self.make())
        with open("/proc/%d/status" % pid) as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        for field in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb"):
            self.assertEqual(int(fields[field], 16), 0, field)


if __name__ == "__main__":
    runner.main()
