#!/usr/bin/python3
"""The container's root is the host's root, and what runs of orlop inside is the host's file: CVE-2019-5736. Each test
has a copy of orlop to lose."""

import errno
import hashlib
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner, settings  # noqa: E402
from harness.attacker import Attacker  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

REFUSED = {errno.EROFS, errno.ETXTBSY, errno.EPERM, errno.EACCES}


class OwnBinary(ContainerCase):
    def setUp(self):
        super().setUp()
        self.copy = os.path.join(self.directory, "orlop")
        shutil.copy(settings.ORLOP, self.copy)
        os.chmod(self.copy, 0o755)
        self.runtime.executable = self.copy
        self.was = self.look()
        self.addCleanup(lambda: self.assertEqual(self.look(), self.was))

    def look(self):
        info = os.stat(self.copy)
        with open(self.copy, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest(), info.st_mode, info.st_uid, info.st_gid, info.st_mtime_ns

    def change(self, bundle):
        """An image whose programs are whatever executes them."""
        bundle.config["root"]["readonly"] = False
        os.symlink("/proc/self/exe", os.path.join(bundle.rootfs, "bin/link"))
        with open(os.path.join(bundle.rootfs, "bin/script"), "w") as file:
            file.write("#!/proc/self/exe\n")
        os.chmod(file.name, 0o755)

    @quick
    def test_it_is_the_entry_point(self):
        """It does run there, as the program that the image asked for."""
        name = self.start_sleeper(self.change)
        for program in ("/proc/self/exe", "/bin/link"):
            with self.subTest(program):
                for result in (self.run_container(program, "--version", change=self.change),
                               self.runtime.call("exec", name, program, "--version")):
                    self.assertEqual((result.status, result.stdout.split(" ")[0]), (0, "orlop"), str(result))
        for result in (self.run_container("/bin/script", change=self.change),
                       self.runtime.call("exec", name, "/bin/script")):
            self.assertIn("unknown command \"/bin/script\"", result.stderr)

    def stolen(self, name, visit):
        """What a process in that container could do to the file, with all the ways to it that it has kept."""
        thief = Attacker(self, name, "steal", str(4 * settings.PATIENCE), str(os.stat(self.copy).st_ino))
        visit()
        found = thief.found()
        self.assertGreater(found["kept"], 0, "the thief saw no process at all")
        self.assertLessEqual(set(found["errors"]), REFUSED)

    def test_whoever_keeps_it_open_cannot_write_it_later(self):
        """While a file is executed nobody can write it; so an attacker waits for the end."""
        name = self.start_sleeper(self.change)
        self.stolen(name, lambda: [self.runtime.ok("exec", name, "/bin/link", "features") for _ in range(50)])

    def test_by_run_in_the_same_pid_namespace(self):
        name = self.start_sleeper(self.change)
        path = "/proc/%d/ns/pid" % self.pid_of(name)

        def change(bundle):
            self.change(bundle)
            bundle.drop_namespace("pid")
            bundle.linux["namespaces"].append({"type": "pid", "path": path})
        bundle = self.bundle("/bin/link", "features", change=change)
        self.stolen(name, lambda: [self.runtime.ok("run", "--bundle", bundle.path, self.new_id()) for _ in range(30)])


if __name__ == "__main__":
    runner.main()
