#!/usr/bin/python3
"""pause and resume: the processes stand, the status says so, and a paused container can still be ended."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402


def freezer_directory(pid):
    """The directory that freezes this process, and whether it is of version 2."""
    own = cgroup.own(pid)
    for key in ("freezer", ""):
        if key in cgroup.hierarchies():
            return cgroup.path_of(key, own[key]), key == ""
    return skip("this view has no freezer")


class Pause(ContainerCase):
    def counter(self):
        """A container that writes all the time."""
        name = self.start_sleeper(args=("/bin/sh", "-c", "while true; do echo x; sleep 0.01; done"))
        self.wait_for_output(name, "x\n")
        return name

    def stands(self, name):
        before = len(self.output_of(name))
        time.sleep(0.2)
        return len(self.output_of(name)) == before

    @quick
    def test_stops_and_goes_on(self):
        name = self.counter()
        self.runtime.ok("pause", name)
        self.assertEqual(self.runtime.status(name), "paused")
        self.assertTrue(self.stands(name))
        state = self.runtime.state(name)
        self.assertGreater(state["pid"], 0)
        self.runtime.ok("resume", name)
        self.assertEqual(self.runtime.status(name), "running")
        program.until(lambda: not self.stands(name), "it writes again")
        self.end(name)
        self.assert_nothing_left()

    @quick
    def test_list_shows_it(self):
        name = self.start_sleeper()
        self.runtime.ok("pause", name)
        listed = json.loads(self.runtime.ok("list", "--format", "json").stdout)
        self.assertEqual([one["status"] for one in listed if one["id"] == name], ["paused"])
        self.assertIn(" paused ", self.runtime.ok("list").stdout)
        self.runtime.ok("resume", name)
        self.end(name)

    def test_all_processes_of_a_fork_storm_stand(self):
        storm = "while true; do /bin/true & /bin/true & wait; done"
        name = self.start_sleeper(args=("/bin/sh", "-c", "(%s) & (%s) & %s" % (storm, storm, storm)))
        for _ in range(5):
            self.runtime.ok("pause", name)
            self.assertEqual(self.runtime.status(name), "paused")
            self.runtime.ok("resume", name)
        self.end(name)

    def test_a_created_one_can_be_paused(self):
        name, _ = self.create("/bin/probe", "sleep")
        self.runtime.ok("pause", name)
        for _ in range(20):  # a status that knocked at the gate would fill its queue
            self.assertEqual(self.runtime.status(name), "paused")
        result = self.runtime.refuses("start", name)
        self.assert_one_line(result, "cannot start a paused container")
        self.runtime.ok("resume", name)
        self.assertEqual(self.runtime.status(name), "created")
        self.runtime.ok("start", name)
        self.end(name)

    def test_refusals(self):
        for command in ("pause", "resume"):
            self.assert_one_line(self.runtime.refuses(command, self.new_id()), "container does not exist")
        name = self.start_sleeper()
        self.assert_one_line(self.runtime.refuses("resume", name), "container not paused")
        self.runtime.ok("pause", name)
        self.assert_one_line(self.runtime.refuses("pause", name), "container is already paused")
        self.runtime.ok("resume", name)
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        for command in ("pause", "resume"):
            result = self.runtime.refuses(command, name)
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "container not running")

    @quick
    def test_kill_ends_a_paused_one(self):
        name = self.start_sleeper()
        pid = self.pid_of(name)
        self.runtime.ok("pause", name)
        self.runtime.ok("kill", name, "KILL")
        self.wait_dead(pid)
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    def test_other_signals_wait_for_resume(self):
        name = self.start_sleeper(args=("/bin/probe", "wait-signal", "1"))
        self.wait_for_output(name, "ready\n")
        self.runtime.ok("pause", name)
        self.runtime.ok("kill", name, "USR1")
        self.assertEqual(self.runtime.status(name), "paused")
        self.assertEqual(self.output_of(name), "ready\n")
        self.runtime.ok("resume", name)
        self.wait_for_output(name, "signal")
        self.runtime.wait_for(name, "stopped")

    @quick
    def test_delete_by_force_only(self):
        name = self.start_sleeper(args=("/bin/probe", "spawn", "3", "300", "+", "sleep"))
        self.wait_for_output(name, "]")
        self.runtime.ok("pause", name)
        result = self.runtime.refuses("delete", name)
        self.assert_one_line(result, "cannot delete container %s that is not stopped: paused" % name)
        self.runtime.ok("delete", "--force", name)
        self.assert_nothing_left()

    def test_delete_of_children_that_outlived_init_while_paused(self):
        """In a shared pid namespace: init dies, its children stay frozen."""
        name = self.start_sleeper(
            change=lambda bundle: bundle.drop_namespace("pid"), args=("/bin/probe", "spawn", "2", "300", "+", "sleep"))
        self.wait_for_output(name, "]")
        pid = self.pid_of(name)
        directory, is_v2 = freezer_directory(pid)
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        with open(os.path.join(directory, "cgroup.freeze" if is_v2 else "freezer.state"), "w") as file:
            file.write("1" if is_v2 else "FROZEN")
        self.assertEqual(self.runtime.status(name), "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    def test_the_kernel_agrees(self):
        name = self.start_sleeper()
        directory, is_v2 = freezer_directory(self.pid_of(name))
        self.runtime.ok("pause", name)
        with open(os.path.join(directory, "cgroup.events" if is_v2 else "freezer.state")) as file:
            self.assertIn("frozen 1" if is_v2 else "FROZEN", file.read())
        self.runtime.ok("resume", name)
        with open(os.path.join(directory, "cgroup.events" if is_v2 else "freezer.state")) as file:
            self.assertIn("frozen 0" if is_v2 else "THAWED", file.read())
        self.end(name)

    def test_a_half_done_pause_can_be_resumed_and_deleted(self):
        """Frozen from outside: the next pause or resume deals with it."""
        name = self.start_sleeper()
        directory, is_v2 = freezer_directory(self.pid_of(name))
        with open(os.path.join(directory, "cgroup.freeze" if is_v2 else "freezer.state"), "w") as file:
            file.write("1" if is_v2 else "FROZEN")
        self.runtime.wait_for(name, "paused")
        self.runtime.ok("resume", name)
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)

    def test_without_a_cgroup_of_its_own(self):
        name = self.start_in_foreign_cgroup()
        self.assert_one_line(self.runtime.refuses("pause", name), "no cgroup of its own")
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)


if __name__ == "__main__":
    runner.main()
