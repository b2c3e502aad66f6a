#!/usr/bin/python3
"""Calls that cannot work: wrong ids and options, no privilege, no room: one line, exit status 1, nothing left."""

import os
import resource
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, program, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

NOBODY = 65534


class Refusals(ContainerCase):
    def refused(self, *words, parts=(), **how):
        result = self.runtime.refuses(*words, **how)
        self.assertEqual(result.status, 1, str(result))
        self.assertEqual(result.stdout, "")
        self.assert_one_line(result, *parts)
        return result


class Ids(Refusals):
    BAD = ("", ".", "..", "a/b", "/", "../x", "a b", "a\n", "é", "a:b", "a" * 1025, ".a")

    @quick
    def test_malformed(self):
        bundle = self.bundle("/bin/true")
        for name in self.BAD:
            with self.subTest(name):
                self.refused("create", "--bundle", bundle.path, "--", name)
        self.assert_nothing_left()
        self.assertEqual(self.runtime.entries(), [])

    def test_malformed_for_the_other_commands(self):
        for command in ("start", "state", "kill", "delete"):
            for name in self.BAD:
                with self.subTest("%s %s" % (command, name)):
                    self.refused(command, "--", name)

    @quick
    def test_what_is_not_there_yet(self):
        for command in ("checkpoint", "restore"):
            for words in (("--help",), ("--image-path", "/tmp", "a"), ()):
                result = self.refused(command, *words)
                self.assertEqual(result.stderr, "orlop: %s is not supported by this version\n" % command)

    def test_force_does_not_leave_the_state_root(self):
        victim = os.path.join(self.directory, "victim")
        os.mkdir(victim)
        self.runtime.call("list")
        self.runtime.call("delete", "--force", "--", "../victim")
        self.assertTrue(os.path.isdir(victim))

    def test_well_formed(self):
        bundle = self.bundle("/bin/true")
        for name in ("a", "A_b-c.d+e", "0", "x" * 150, self.new_id()):
            with self.subTest(name):
                self.runtime.ok("run", "--bundle", bundle.path, name)

    @quick
    def test_no_id(self):
        bundle = self.bundle("/bin/true")
        self.refused("create", "--bundle", bundle.path)
        for command in ("start", "state", "kill", "delete"):
            self.refused(command)

    def test_too_many_words(self):
        for words in (("state", "a", "b"), ("start", "a", "b"), ("list", "a"), ("kill", "a", "9", "b")):
            with self.subTest(words):
                self.refused(*words)


class Options(Refusals):
    COMMANDS = ("create", "start", "run", "state", "kill", "delete", "list", "spec", "plan")

    @quick
    def test_unknown(self):
        for command in self.COMMANDS:
            with self.subTest(command):
                self.refused(command, "--plank", "x", parts=("plank",))
        self.refused("list", options=("--plank",), parts=("plank",))

    @quick
    def test_missing_argument(self):
        """Podman looks for one of these texts to learn whether an option exists."""
        for words in (("create", "--bundle"), ("run", "--pid-file"), ("list", "--format"), ("create", "-b")):
            with self.subTest(words):
                text = self.refused(*words).stderr
                self.assertTrue("requires an argument" in text or "flag needs an argument" in text, text)
        result = program.run([self.runtime.executable, "--root"])
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "argument")

    def test_an_argument_where_none_is_taken(self):
        self.refused("run", "--detach=maybe", "x")

    @quick
    def test_unknown_command(self):
        self.refused("plank", parts=("plank",))

    def test_no_command(self):
        result = program.run([self.runtime.executable])
        self.assertEqual(result.status, 1)
        self.assertNotEqual(result.stdout + result.stderr, "")

    def test_one_dash_before_a_long_name(self):
        """go-runc writes -no-subreaper; runc's parser takes both."""
        bundle = self.bundle("/bin/true")
        self.runtime.ok("run", "-bundle", bundle.path, self.new_id())


class Privilege(Refusals):
    def drop(self):
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    @quick
    def test_an_ordinary_user(self):
        """Without a user namespace in the configuration it cannot work, and the line says what was not permitted."""
        executable = os.path.join(self.directory, "runtime")
        shutil.copyfile(self.runtime.executable, executable)
        os.chmod(executable, 0o755)
        self.runtime.executable = executable
        self.runtime.root = os.path.join(self.directory, "users", "root")
        os.mkdir(os.path.dirname(self.runtime.root))
        os.chown(os.path.dirname(self.runtime.root), NOBODY, NOBODY)
        bundle = self.bundle("/bin/true")
        for command in ("create", "run"):
            self.refused(command, "--bundle", bundle.path, self.new_id(), before=self.drop)
            self.assertEqual(self.runtime.entries(), [])
            self.assert_nothing_left()

    def test_a_state_root_that_is_not_ours(self):
        executable = os.path.join(self.directory, "runtime")
        shutil.copyfile(self.runtime.executable, executable)
        os.chmod(executable, 0o755)
        self.runtime.executable = executable
        one = [{"containerID": 0, "hostID": NOBODY, "size": 1}]
        bundle = self.bundle("/bin/true", change=lambda bundle: (
            bundle.linux["namespaces"].append({"type": "user"}), bundle.linux.update(uidMappings=one, gidMappings=one)))
        line = self.refused("create", "--bundle", bundle.path, self.new_id(), before=self.drop).stderr.lower()
        self.assertTrue("permission denied" in line or "not permitted" in line, line)


class StateRoot(Refusals):
    def mount_tmpfs(self, data):
        path = os.path.join(self.directory, "small")
        os.mkdir(path)
        kernel.mount("tmpfs", path, "tmpfs", 0, data)
        return path

    def refused_on(self, path):
        bundle = self.bundle("/bin/true")
        self.runtime.root = os.path.join(path, "root")
        try:
            for command in ("create", "run"):
                self.refused(command, "--bundle", bundle.path, self.new_id(), parts=("no space left on device",))
                self.assertEqual(self.runtime.entries(), [])
        finally:
            kernel.unmount(path)
        self.assert_nothing_left()

    @quick
    def test_a_full_disk(self):
        path = self.mount_tmpfs("size=64k")
        with open(os.path.join(path, "ballast"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        self.refused_on(path)

    def test_no_inodes(self):
        path = self.mount_tmpfs("nr_inodes=2")
        open(os.path.join(path, "ballast"), "w").close()
        self.refused_on(path)

    def test_a_file_in_the_way(self):
        path = os.path.join(self.directory, "file")
        open(path, "w").close()
        self.runtime.root = path
        bundle = self.bundle("/bin/true")
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, path)
        self.runtime.root = os.path.join(self.directory, "root")

    def test_foreign_things_in_it_are_no_containers(self):
        os.makedirs(os.path.join(self.runtime.root, "stranger"))
        open(os.path.join(self.runtime.root, "file"), "w").close()
        result = self.runtime.ok("list", "-q")
        self.assertEqual(result.stdout, "")
        self.assertNotEqual(self.runtime.call("state", "stranger").status, 0)
        shutil.rmtree(self.runtime.root)


class Cgroup(Refusals):
    @quick
    def test_one_that_cannot_be_made(self):
        """A file is in the way in every hierarchy."""
        bundle = self.bundle("/bin/true", change=lambda bundle: bundle.linux.update(
            cgroupsPath="/cgroup.procs/inner"))
        self.refused("create", "--bundle", bundle.path, self.new_id(), parts=("not a directory", "cgroup.procs"))
        self.assert_nothing_left()


class Limits(Refusals):
    def test_too_few_descriptors(self):
        """It works, or it fails in one line: never a half container."""
        for limit in (3, 4, 5, 6, 8, 10, 12, 16, 20, 30):
            bundle = self.bundle("/bin/true", change=lambda bundle: bundle.process.update(rlimits=[]))
            result = self.runtime.call("run", "--bundle", bundle.path, self.new_id(), before=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (limit, limit)))
            if result.status != 0:
                self.assertEqual(result.status, 1, str(result))
                self.assert_one_line(result, "too many open files")
            self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
