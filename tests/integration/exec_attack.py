#!/usr/bin/python3
"""exec into a container whose processes are hostile."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner, settings  # noqa: E402
from harness.case import ContainerCase  # noqa: E402


class Reach(ContainerCase):
    def hunted(self, executions, change=None):
        """What an attacker could reach in processes on their way in; how many it met."""
        name = self.start_sleeper(change=change)
        hunter = subprocess.Popen(self.runtime.argv("exec", name, "/bin/probe", "hunt", "6", os.path.basename(settings.ORLOP)),
                                  stdout=subprocess.PIPE)
        self.addCleanup(hunter.stdout.close)
        self.assertEqual(hunter.stdout.readline(), b'"ready"\n')
        for _ in range(executions):
            self.assertEqual(self.runtime.call("exec", name, "/bin/true").status, 0)
        found = json.loads(hunter.stdout.readline())
        self.assertEqual(hunter.wait(20), 0)
        return found

    def test_nobody_looks_into_a_process_before_its_execve(self):
        found = self.hunted(60)
        self.assertEqual(found["reached"], [])
        self.assertGreater(found["met"], 0, "the attacker saw no process at all")


class WorkingDirectory(ContainerCase):
    def test_no_descriptor_of_ours_is_a_way_out(self):
        """CVE-2024-21626, with directories of the caller's open as well."""
        name = self.start_sleeper()
        leaks = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(10)]
        for number in range(0, 30):
            for form in ("/proc/self/fd/%d", "/proc/self/fd/%d/.."):
                result = self.runtime.call("exec", "--cwd", form % number, name, "/bin/ls", "/proc/self/cwd/bin/probe",
                                           pass_fds=leaks)
                self.assertNotIn(result.status, (None,), str(result))
                inside = result.status == 0 or result.status == 255 or "No such file" in result.stderr
                self.assertTrue(inside, str(result))
                self.assertNotIn("sbin", result.stdout)
        for leak in leaks:
            os.close(leak)

    def test_a_link_of_the_image_to_one(self):
        def planted(bundle):
            os.symlink("/proc/self/fd/7/../../..", os.path.join(bundle.rootfs, "way"))
        name = self.start_sleeper(change=planted)
        leaks = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(10)]
        result = self.runtime.call("exec", "--cwd", "/way", name, "/bin/true", pass_fds=leaks)
        for leak in leaks:
            os.close(leak)
        self.assertIn(result.status, (0, 255), str(result))


class OwnBinary(ContainerCase):
    def test_exec_of_our_own_executable(self):
        def planted(bundle):
            with open(os.path.join(bundle.rootfs, "bin", "self"), "w") as file:
                file.write("#!/proc/self/exe\n")
            os.chmod(file.name, 0o755)
        name = self.start_sleeper(change=planted)
        with open(settings.ORLOP, "rb") as file:
            before = file.read()
        self.runtime.call("exec", name, "/bin/self")
        with open(settings.ORLOP, "rb") as file:
            self.assertEqual(file.read(), before)


if __name__ == "__main__":
    runner.main()
