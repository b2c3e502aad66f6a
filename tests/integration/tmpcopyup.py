#!/usr/bin/python3
"""tmpfs with a copy of what lies under it."""

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402


class CopyUp(ContainerCase):
    def change(self, fill, *options):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            tree = os.path.join(bundle.rootfs, "var/tree")
            os.mkdir(tree)
            fill(tree)
            self.tree = tree
            bundle.grant("CAP_DAC_OVERRIDE")
            bundle.mount("/var/tree", type="tmpfs", source="tmpfs", options=["tmpcopyup", *options])
        return change

    @staticmethod
    def file(path, text="cargo"):
        with open(path, "w") as file:
            file.write(text)

    @quick
    def test_content_and_attributes(self):
        def fill(tree):
            os.makedirs(tree + "/a/b")
            self.file(tree + "/a/b/file")
            os.symlink("a/b/file", tree + "/link")
            os.symlink("/no/such", tree + "/dangling")
            for path, mode, uid, gid in (("/a/b/file", 0o4750, 3, 4), ("/a/b", 0o2711, 5, 6), ("/a", 0o1777, 7, 8),
                                         ("", 0o751, 9, 10)):
                os.chown(tree + path, uid, gid)
                os.chmod(tree + path, mode)
            os.lchown(tree + "/link", 11, 12)
        paths = ["/var/tree/a/b/file", "/var/tree/a/b", "/var/tree/a", "/var/tree", "/var/tree/link"]
        seen = self.lines("stat", *paths, "+", "read", "/var/tree/link", "+", "stat", "/var/tree/dangling",
                          change=self.change(fill))
        self.assertEqual([(one["mode"], one["uid"], one["gid"]) for one in seen[:4]],
                         [(0o4750, 3, 4), (0o2711, 5, 6), (0o1777, 7, 8), (0o751, 9, 10)])
        self.assertEqual((seen[4]["uid"], seen[4]["gid"]), (11, 12))
        self.assertTrue(all(one["filesystem"] == 0x01021994 for one in seen[:4]), "not on a tmpfs")
        self.assertEqual(seen[5]["text"], "cargo")
        self.assertEqual(seen[6]["target"], "/no/such")

    @quick
    def test_what_is_written_stays_in_the_tmpfs(self):
        seen = self.lines("create", "/var/tree/new", "+", "write", "/var/tree/file", "other", "+", "read",
                          "/var/tree/file", change=self.change(lambda tree: self.file(tree + "/file", "cargo")))
        self.assertEqual([seen[0]["errno"], seen[1]["errno"], seen[2]["text"]], [0, 0, "other"])
        self.assertEqual(os.listdir(self.tree), ["file"])
        with open(self.tree + "/file") as file:
            self.assertEqual(file.read(), "cargo")

    def test_read_only(self):
        seen = self.lines("read", "/var/tree/file", "+", "create", "/var/tree/new",
                          change=self.change(lambda tree: self.file(tree + "/file"), "ro"))
        self.assertEqual(seen[0]["text"], "cargo")
        self.assertEqual(seen[1]["errno"], errno.EROFS)

    def test_times_and_extended_attributes(self):
        def fill(tree):
            self.file(tree + "/file")
            try:
                os.setxattr(tree + "/file", "user.note", b"kept")
            except OSError:
                skip("the file system of the test takes no attributes of users")
            os.setxattr(tree + "/file", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
            os.utime(tree + "/file", (1000, 2000))
            os.utime(tree, (3000, 4000))
        name = self.start_sleeper(change=self.change(fill))
        inside = "/proc/%d/root/var/tree" % self.pid_of(name)
        info = os.stat(inside + "/file")
        self.assertEqual((info.st_atime, info.st_mtime), (1000, 2000))
        self.assertEqual(os.stat(inside).st_mtime, 4000)
        self.assertIn("security.capability", os.listxattr(inside + "/file"))
        try:
            self.assertEqual(os.getxattr(inside + "/file", "user.note"), b"kept")
        except OSError as error:  # before Linux 6.6
            self.assertIn(error.errno, (errno.ENODATA, errno.ENOTSUP))
        self.end(name)

    def test_no_devices_pipes_and_sockets(self):
        def fill(tree):
            os.mknod(tree + "/null", 0o20666, os.makedev(1, 3))
            os.mkfifo(tree + "/pipe")
            self.file(tree + "/file")
        seen = self.lines("list", "/var/tree", change=self.change(fill))[0]
        self.assertEqual(seen["names"], ["file"])

    def test_a_sparse_file_does_not_fill_the_memory(self):
        def fill(tree):
            with open(tree + "/sparse", "wb") as file:
                file.truncate(1 << 40)
                file.seek(1 << 39)
                file.write(b"x")
        seen = self.lines("stat", "/var/tree/sparse", change=self.change(fill, "size=1m"))[0]
        self.assertEqual(seen["size"], 1 << 40)

    def test_more_than_the_tmpfs_takes(self):
        result = self.run_container("/bin/true", change=self.change(
            lambda tree: self.file(tree + "/file", "x" * 200000), "size=64k"))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/var/tree", "no space left on device")

    def test_links_are_not_followed(self):
        outside = os.path.join(self.directory, "outside")
        os.mkdir(outside)
        self.file(outside + "/secret")
        seen = self.lines("list", "/var/tree", "/var/tree/way",
                          change=self.change(lambda tree: os.symlink(outside, tree + "/way")))
        self.assertEqual(seen[0]["names"], ["way"])
        self.assertEqual(seen[1]["errno"], errno.ENOENT)

    def test_too_deep(self):
        result = self.run_container("/bin/true", change=self.change(lambda tree: os.makedirs(tree + "/d" * 200)))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/var/tree", "directories deep")

    def test_a_directory_that_is_not_there(self):
        seen = self.lines("list", "/srv/none", change=lambda bundle: bundle.mount(
            "/srv/none", type="tmpfs", source="tmpfs", options=["tmpcopyup"]))[0]
        self.assertEqual(seen["names"], [])


if __name__ == "__main__":
    runner.main()
