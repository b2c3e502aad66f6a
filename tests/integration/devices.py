#!/usr/bin/python3
"""/dev and the device cgroup."""

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

DEFAULT = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
DIRECTORIES = {"pts", "shm", "mqueue"}
# Some runtimes make it, for old programs; neither its presence nor its absence is promised.
TOLERATED = {"core"}


class Devices(ContainerCase):
    @quick
    def test_default_devices(self):
        found = self.report("devices")["devices"]
        for name, (major, minor) in DEFAULT.items():
            with self.subTest(name):
                wanted = {"type": "c", "mode": 0o666, "uid": 0, "gid": 0, "major": major, "minor": minor}
                self.assertEqual(found[name], wanted)

    @quick
    def test_links(self):
        found = self.report("devices")["devices"]
        for name, target in LINKS.items():
            self.assertEqual((found[name]["type"], found[name]["target"]), ("link", target), name)
        self.assertIn(found["ptmx"].get("target"), ("pts/ptmx", "/dev/pts/ptmx"))

    def test_nothing_else(self):
        found = self.report("devices")["devices"]
        self.assertEqual(set(found) - TOLERATED, set(DEFAULT) | set(LINKS) | DIRECTORIES | {"ptmx"})

    def test_they_work(self):
        null, zero = self.lines("write", "/dev/null", "x", "+", "write", "/dev/zero", "x")
        self.assertEqual((null["errno"], zero["errno"]), (0, 0))
        self.assertEqual(self.lines("write", "/dev/full", "x")[0]["errno"], errno.ENOSPC)
        self.assertEqual(self.lines("read", "/dev/null")[0]["text"], "")

    def test_modes_do_not_depend_on_the_callers_umask(self):
        found = self.report("devices", before=lambda: os.umask(0o077))["devices"]
        self.assertEqual(found["null"]["mode"], 0o666)

    def test_a_pty_can_be_had_inside(self):
        self.assertEqual(self.lines("write", "/dev/ptmx")[0]["errno"], 0)

    def test_a_listed_device(self):
        def change(bundle):
            bundle.linux["devices"] = [
                {"path": "/dev/cargo", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 7, "gid": 8}]
        found = self.report("devices", change=change, before=lambda: os.umask(0o077))["devices"]
        wanted = {"type": "c", "mode": 0o640, "uid": 7, "gid": 8, "major": 1, "minor": 3}
        self.assertEqual(found["cargo"], wanted)

    def test_every_type(self):
        def change(bundle):
            bundle.linux["devices"] = [
                {"path": "/dev/disk", "type": "b", "major": 7, "minor": 0, "fileMode": 0o600},
                {"path": "/dev/pipe", "type": "p", "fileMode": 0o622, "uid": 3, "gid": 4},
                {"path": "/dev/deep/down/raw", "type": "u", "major": 1, "minor": 5}]
        seen = self.lines("stat", "/dev/disk", "/dev/pipe", "/dev/deep/down/raw", change=change)
        members = ("format", "mode", "uid", "gid", "major", "minor")
        self.assertEqual([tuple(one[member] for member in members) for one in seen], [
            (0o060000, 0o600, 0, 0, 7, 0), (0o010000, 0o622, 3, 4, 0, 0), (0o020000, 0o666, 0, 0, 1, 5)])

    def test_one_that_is_there_already(self):
        """In the image's /dev, or in one that is bound there: it stays, and gets the mode and the owner of the list."""
        volume = os.path.join(self.directory, "volume")
        os.mkdir(volume)
        for is_bound in (False, True):
            def change(bundle):
                bundle.config["root"]["readonly"] = False
                bundle.config["mounts"] = [one for one in bundle.config["mounts"]
                                           if not one["destination"].startswith("/dev")]
                bundle.linux.update(maskedPaths=[])  # which would want a null device
                if is_bound:
                    bundle.mount("/dev", type="bind", source=volume, options=["bind"])
                self.place = volume if is_bound else os.path.join(bundle.rootfs, "dev")
                os.mknod(self.place + "/cargo", 0o20600, os.makedev(1, 3))
                self.inode = os.stat(self.place + "/cargo").st_ino
                bundle.linux["devices"] = [
                    {"path": "/dev/cargo", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 7, "gid": 8}]
            with self.subTest(is_bound=is_bound):
                seen, null = self.lines("stat", "/dev/cargo", "/dev/null", change=change)
                self.assertEqual((seen["mode"], seen["uid"], seen["gid"], seen["minor"]), (0o640, 7, 8, 3))
                self.assertEqual(os.stat(self.place + "/cargo").st_ino, self.inode)
                # The volume is somebody else's: it gets what the configuration lists, and no more.
                self.assertEqual(null["errno"], errno.ENOENT if is_bound else 0)

    def test_something_else_of_that_name_is_named(self):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            bundle.linux["devices"] = [{"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3}]
        result = self.run_container("/bin/true", change=change)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "device /etc/passwd", "file exists")

    def test_no_dev_mount_and_links_out_of_the_root(self):
        """CVE-2026-41579: the image's /dev is a link to a directory of the host."""
        canary = os.path.join(self.directory, "canary")
        os.mkdir(canary)
        open(os.path.join(canary, "ptmx"), "w").close()

        def change(bundle):
            config = bundle.config
            config["mounts"] = [each for each in config["mounts"] if not each["destination"].startswith("/dev")]
            config["root"]["readonly"] = False
            os.rmdir(os.path.join(bundle.rootfs, "dev"))
            os.symlink(canary, os.path.join(bundle.rootfs, "dev"))
        result = self.run_container("/bin/true", change=change)
        self.assertEqual(os.listdir(canary), ["ptmx"], str(result))


class DeviceCgroup(ContainerCase):
    """The node is made in /dev, which is not mounted nodev. 1:11 is the kernel's log, harmless to open."""

    def open_device(self, *number, rules=()):
        def change(bundle):
            bundle.grant("CAP_MKNOD", "CAP_SYSLOG")
            bundle.linux["resources"]["devices"] += list(rules)
        return self.lines("open-device", "/dev", *number, change=change)[0]

    @quick
    def test_what_is_not_allowed_cannot_be_opened(self):
        answer = self.open_device("c", "1", "11")
        self.assertEqual(answer["mknod"], 0)
        self.assertEqual(answer["open"], errno.EPERM)

    def test_nor_a_block_device(self):
        answer = self.open_device("b", "7", "0")
        self.assertEqual(answer["open"], errno.EPERM)

    @quick
    def test_a_default_device_can(self):
        self.assertEqual(self.open_device("c", "1", "3"), {"path": "/dev/probe-device", "mknod": 0, "open": 0})

    @quick
    def test_a_rule_allows_more(self):
        rule = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}
        self.assertEqual(self.open_device("c", "1", "11", rules=[rule])["open"], 0)

    def test_a_rule_allows_no_other_device(self):
        rule = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}
        for other in ({"type": "b"}, {"major": 2}, {"minor": 12}):
            with self.subTest(**other):
                self.assertEqual(self.open_device("c", "1", "11", rules=[dict(rule, **other)])["open"], errno.EPERM)

    def test_a_later_rule_takes_back(self):
        rule = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}
        back = dict(rule, allow=False)
        self.assertEqual(self.open_device("c", "1", "11", rules=[rule, back])["open"], errno.EPERM)

    def test_a_rule_for_writing_does_not_allow_reading(self):
        rule = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "wm"}
        self.assertEqual(self.open_device("c", "1", "11", rules=[rule])["open"], errno.EPERM)

    def test_default_is_deny_even_without_a_rule_that_says_so(self):
        """GHSA-g54h-m393-cpwq: a list that only allows must not leave the rest open."""
        def change(bundle):
            bundle.grant("CAP_MKNOD", "CAP_SYSLOG")
            bundle.linux["resources"]["devices"] = [
                {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}]
        answer = self.lines("open-device", "/dev", "c", "1", "11", change=change)[0]
        self.assertEqual(answer["open"], errno.EPERM)


class Link(ContainerCase):
    def test_a_dev_that_is_a_link_is_refused(self):
        outside = os.path.join(self.directory, "outside")
        os.mkdir(outside)

        def change(bundle):
            os.rmdir(os.path.join(bundle.rootfs, "dev"))
            os.symlink(outside, os.path.join(bundle.rootfs, "dev"))
            bundle.config["root"]["readonly"] = False
            bundle.config["mounts"] = [m for m in bundle.config["mounts"] if not m["destination"].startswith("/dev")]
        bundle = self.bundle("/bin/true", change=change)
        result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, "device /dev/null: openat(\"/dev\"): not a directory")
        self.assertEqual(os.listdir(outside), [])


if __name__ == "__main__":
    runner.main()
