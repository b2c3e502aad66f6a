#!/usr/bin/python3
"""state and list: the fields and shapes that engines parse."""

import datetime
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, program, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

FIELDS = {"ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "owner"}
# CRI-O decodes the state into its own structure; these names would overwrite its members.
FORBIDDEN = {"exitCode", "finished", "started", "oomKilled", "seccompKilled", "error", "initPid", "initStartTime",
             "checkpointedTime", "containerMonitorProcess"}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")


def seconds(text):
    parsed = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    return parsed.replace(tzinfo=datetime.timezone.utc).timestamp()


class State(ContainerCase):
    @quick
    def test_fields(self):
        before = time.time()
        name, bundle = self.create("/bin/true")
        state = self.runtime.state(name)
        self.assertEqual(set(state) - {"annotations"}, FIELDS)
        self.assertEqual(state["id"], name)
        self.assertEqual(state["status"], "created")
        self.assertEqual(state["bundle"], bundle.path)
        self.assertEqual(state["rootfs"], bundle.rootfs)
        self.assertRegex(state["ociVersion"], r"^1\.\d+\.\d+")
        self.assertRegex(state["created"], TIME)
        self.assertGreaterEqual(seconds(state["created"]), int(before) - 1)
        self.assertLessEqual(seconds(state["created"]), time.time() + 1)
        self.assertIsInstance(state["owner"], str)

    @quick
    def test_pid_is_that_of_init_on_the_host(self):
        name, _ = self.create("/bin/probe", "sleep")
        pid = self.pid_of(name)
        with open("/proc/%d/status" % pid) as file:
            inner = next(line.split()[-1] for line in file if line.startswith("NSpid"))
        self.assertEqual(inner, "1")
        self.runtime.ok("start", name)
        self.assertEqual(self.pid_of(name), pid)
        self.end(name)

    def test_pid_of_a_stopped_one_is_zero(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(self.runtime.state(name)["pid"], 0)

    def test_a_zombie_is_stopped(self):
        """The engine has not waited for init yet: the pid exists, the container does not run."""
        bundle = self.bundle("/bin/true")
        name = self.new_id()
        kernel.adopt_orphans()
        self.addCleanup(kernel.adopt_orphans, False)
        self.runtime.ok("create", "--bundle", bundle.path, name)
        pid = self.pid_of(name)
        self.runtime.ok("start", name)
        program.until(lambda: not program.alive(pid), "init is a zombie")
        self.assertTrue(os.path.exists("/proc/%d" % pid))
        self.assertEqual(self.runtime.status(name), "stopped")
        _, status = os.waitpid(pid, 0)
        self.assertEqual(status, 0)

    def test_annotations(self):
        annotations = {"org.example.cargo": "tea \"and\" ☕", "empty": ""}
        name, _ = self.create("/bin/true", change=lambda bundle: bundle.config.update(annotations=annotations))
        self.assertEqual(self.runtime.state(name)["annotations"], annotations)

    def test_no_field_that_an_engine_uses_otherwise(self):
        name, _ = self.create("/bin/true")
        self.assertFalse(FORBIDDEN & set(self.runtime.state(name)))

    def test_a_pid_used_again_by_another_process_is_not_the_container(self):
        """The state holds init's start time; here init is dead and its pid cannot be forged, so it must be stopped."""
        name = self.start_sleeper()
        pid = self.pid_of(name)
        os.kill(pid, 9)
        self.wait_dead(pid)
        self.assertEqual(self.runtime.status(name), "stopped")
        self.runtime.ok("delete", name)

    def test_readers_during_create_never_see_half_a_state(self):
        bundle = self.bundle("/bin/true")
        name = self.new_id()
        creator = subprocess.Popen(self.runtime.argv("create", "--bundle", bundle.path, name), stdin=subprocess.DEVNULL)
        while creator.poll() is None:
            result = self.runtime.call("state", name)
            if result.status == 0:
                self.assertIn(json.loads(result.stdout)["status"], ("creating", "created"))
            else:
                self.assert_one_line(result, "does not exist")
        self.assertEqual(creator.returncode, 0)


class List(ContainerCase):
    def rows(self):
        lines = self.runtime.ok("list").stdout.splitlines()
        return [line.split() for line in lines]

    @quick
    def test_table(self):
        first = self.start_sleeper()
        second, bundle = self.create("/bin/true")
        rows = self.rows()
        self.assertEqual(rows[0], ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
        self.assertEqual(sorted(row[0] for row in rows[1:]), sorted([first, second]))
        row = next(row for row in rows if row[0] == second)
        self.assertEqual(row[1:4], [str(self.pid_of(second)), "created", bundle.path])
        self.assertEqual(row[5], "root")

    @quick
    def test_json(self):
        names = sorted([self.start_sleeper(), self.create("/bin/true")[0]])
        text = self.runtime.ok("list", "--format", "json").stdout
        self.assertEqual(len(text.splitlines()), 1)
        entries = json.loads(text)
        self.assertEqual(sorted(entry["id"] for entry in entries), names)
        for entry in entries:
            state = self.runtime.state(entry["id"])
            for field in ("ociVersion", "pid", "status", "bundle", "rootfs", "created"):
                self.assertEqual(entry[field], state[field], field)

    def test_quiet(self):
        names = sorted(self.create("/bin/true")[0] for _ in range(3))
        for flag in ("-q", "--quiet"):
            self.assertEqual(sorted(self.runtime.ok("list", flag).stdout.split()), names)

    def test_empty(self):
        self.assertLessEqual(len(self.rows()), 1)
        self.assertFalse(json.loads(self.runtime.ok("list", "-f", "json").stdout))
        self.assertEqual(self.runtime.ok("list", "-q").stdout, "")

    def test_unknown_format(self):
        self.assert_one_line(self.runtime.refuses("list", "--format", "xml"), "xml")

    def test_stopped_ones_are_listed(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        row = self.rows()[1]
        self.assertEqual(row[:3], [name, "0", "stopped"])

    def test_roots_are_separate(self):
        self.create("/bin/true")
        other = os.path.join(self.directory, "other")
        result = program.run([self.runtime.executable, "--root", other, "list", "-q"])
        self.assertEqual((result.status, result.stdout), (0, ""))


if __name__ == "__main__":
    runner.main()
