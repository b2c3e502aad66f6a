#!/usr/bin/python3
"""exec into a container whose processes are hostile."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner, settings  # noqa: E402
from harness.case import ContainerCase  # noqa: E402
from harness.terminal import Session  # noqa: E402


class Reach(ContainerCase):
    def test_nobody_looks_into_a_process_before_its_execve(self):
        name = self.start_sleeper()
        self.assertEqual(self.hunted(name, lambda: [self.runtime.ok("exec", name, "/bin/true") for _ in range(60)]), [])


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


class Links(ContainerCase):
    """What exec opens in the container: a terminal, and the image's accounts."""

    def setUp(self):
        super().setUp()
        self.canary = os.path.join(self.directory, "canary")
        os.mkdir(self.canary)
        for name in ("ptmx", "passwd", "0"):
            with open(os.path.join(self.canary, name), "w") as file:
                file.write("root:x:0:0:canary:/canary:/bin/sh\n")

    def look(self):
        return [(name, os.stat(os.path.join(self.canary, name))[:9]) for name in sorted(os.listdir(self.canary))]

    def sleeper(self, *links):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            bundle.config["mounts"] = [one for one in bundle.config["mounts"]
                                       if not one["destination"].startswith("/dev")]
            self.rootfs = bundle.rootfs
        name = self.start_sleeper(change=change)
        for link, target in links:
            path = os.path.join(self.rootfs, link)
            if os.path.lexists(path):
                os.unlink(path) if not os.path.isdir(path) or os.path.islink(path) else shutil.rmtree(path)
            os.symlink(target, path)
        return name

    def test_a_terminal_is_not_made_by_a_link(self):
        """CVE-2025-52565, by exec: neither the multiplexer nor the terminal is what the image says."""
        pts = ("dev/pts", self.canary)
        for links in ((("dev/ptmx", self.canary + "/ptmx"),), (pts, ("dev/ptmx", "pts/ptmx")), (("dev", self.canary),),
                      (pts, ("dev/ptmx", "/proc/sys/kernel/core_pattern"))):
            with self.subTest(links):
                name, was = self.sleeper(*links), self.look()
                session = Session(self.runtime.argv("exec", "--tty", name, "/bin/true"))
                self.addCleanup(session.close)
                self.assertIn(session.wait(), (0, 255), session.seen)
                self.assertEqual(self.look(), was)
                self.end(name)

    def test_the_accounts_are_not_read_by_a_link(self):
        name = self.sleeper(("etc/passwd", self.canary + "/passwd"))
        self.assertEqual(self.runtime.ok("exec", "--env", "A=b", name, "/bin/sh", "-c", "echo $HOME").stdout, "/\n")
        name = self.sleeper()
        os.unlink(os.path.join(self.rootfs, "etc/passwd"))
        os.mkfifo(os.path.join(self.rootfs, "etc/passwd"))
        self.assertEqual(self.runtime.ok("exec", name, "/bin/sh", "-c", "echo $HOME").stdout, "/\n")

    def test_a_program_of_the_host_is_not_executed(self):
        """Through a descriptor of orlop's or of its caller's: none is there any more when the program is looked up."""
        name = self.start_sleeper()
        shutil.copy(settings.BUSYBOX, os.path.join(self.canary, "busybox"))  # static, and nowhere in the container
        leaks = [os.open(self.canary, os.O_RDONLY | os.O_DIRECTORY) for _ in range(10)]
        self.addCleanup(lambda: [os.close(leak) for leak in leaks])
        bundle = self.bundle("/bin/true", write=False)
        for number in range(3, 25):
            program = "/proc/self/fd/%d/busybox" % number
            result = self.runtime.call("exec", name, program, "true", pass_fds=leaks)
            self.assertEqual(result.status, 255, str(result))
            bundle.process["args"] = [program, "true"]
            bundle.write()
            result = self.runtime.call("run", "--bundle", bundle.path, self.new_id(), pass_fds=leaks)
            self.assertEqual(result.status, 1, str(result))


if __name__ == "__main__":
    runner.main()
