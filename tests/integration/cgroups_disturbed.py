#!/usr/bin/python3
"""Somebody else lays hands on the container's cgroups."""

import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, program, runner  # noqa: E402
from harness.case import ContainerCase, skip  # noqa: E402


def remove(directory):
    """True: it is there still, and in use."""
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def write(path, text):
    with open(path, "w") as file:
        file.write(str(text))


class Disturbed(ContainerCase):
    def directories_of(self, name):
        own = cgroup.own(self.pid_of(name))
        return [cgroup.path_of(key, own[key]) for key in cgroup.hierarchies()]

    def test_removed_when_the_container_has_ended(self):
        name = self.start_sleeper()
        directories = self.directories_of(name)
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        for directory in directories:
            program.until(lambda: not remove(directory), "%s can be removed" % directory)
        self.assertEqual(self.runtime.ok("ps", "--format", "json", name).stdout, "[]\n")
        for words in (("pause", name), ("resume", name), ("events", "--stats", name), ("update", "--pids-limit", "9", name),
                      ("exec", name, "/bin/true"), ("kill", name, "TERM")):
            self.assert_one_line(self.runtime.refuses(*words), "running" if words[0] != "exec" else "stopped")
        self.runtime.ok("kill", "--all", name, "KILL")
        self.assertEqual(self.runtime.status(name), "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    def test_removed_while_they_are_made(self):
        """By one who removes every empty one at once: the run succeeds, or fails with one line. Nothing is left of it."""
        path = "/" + self.new_id()
        targets = [cgroup.path_of(key, path) for key in cgroup.hierarchies()]
        bundle = self.bundle("/bin/true", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        removed, is_over = [], threading.Event()

        def clean():
            while not is_over.is_set():
                removed.extend(target for target in targets if not remove(target))

        cleaner = threading.Thread(target=clean)
        cleaner.start()
        try:
            for _ in range(20):
                result = self.runtime.call("run", "--bundle", bundle.path, self.new_id())
                self.assertIn(result.status, (0, 1), str(result))
                if result.status:
                    self.assert_one_line(result, "cgroup")
                self.assertEqual(self.runtime.entries(), [])
        finally:
            is_over.set()
            cleaner.join()
        self.assertGreater(len(removed), 0)
        self.assert_nothing_left()

    def test_one_with_a_process_that_does_not_die(self):
        """Frozen by a freezer that is not the container's: SIGKILL waits. Its pid is told, and the next delete removes all."""
        found = cgroup.hierarchies()
        if "freezer" not in found or "pids" not in found:
            skip("no v1 hierarchies of freezer and pids here")
        stranger = subprocess.Popen(["/bin/sleep", "60"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        ice = cgroup.path_of("freezer", self.new_id())
        os.mkdir(ice)
        write(ice + "/cgroup.procs", stranger.pid)
        write(ice + "/freezer.state", "FROZEN")
        self.addCleanup(lambda: os.path.isdir(ice) and write(ice + "/freezer.state", "THAWED"))
        name = self.start_sleeper()
        write(cgroup.path_of("pids", cgroup.own(self.pid_of(name))["pids"]) + "/cgroup.procs", stranger.pid)
        result = self.runtime.refuses("delete", "--force", name)
        self.assert_one_line(result, "cgroup %s" % cgroup.hierarchies()["pids"], "is still in use by %d" % stranger.pid)
        self.assertEqual(self.runtime.status(name), "stopped")
        write(ice + "/freezer.state", "THAWED")
        self.assertEqual(stranger.wait(10), -9)
        program.until(lambda: not remove(ice), "the ice is gone")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    def test_one_that_is_mounted_upon(self):
        name = self.start_sleeper()
        directory = self.directories_of(name)[0]

        def mount():
            kernel.unshare(kernel.CLONE_NEWNS)
            kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
            kernel.mount(directory, directory, None, kernel.MS_BIND)

        result = self.runtime.refuses("delete", "--force", name, before=mount)
        self.assert_one_line(result, "cgroup %s is still in use by no process that can be seen" % directory)
        self.runtime.ok("delete", name)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
