#!/usr/bin/python3
"""Mounts whose files belong to other ids than the file system says."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, runner  # noqa: E402
from harness.case import ContainerCase, need_mapped_ids, quick  # noqa: E402


class IdMap(ContainerCase):
    """The source is on a tmpfs of the test: its file system takes mapped ids from Linux 6.3 on."""

    def setUp(self):
        super().setUp()
        need_mapped_ids()
        self.source = os.path.join(self.directory, "source")
        os.mkdir(self.source)
        kernel.mount("tmpfs", self.source, "tmpfs", 0)
        self.addCleanup(kernel.unmount, self.source)
        for name, uid, gid in (("root", 0, 0), ("one", 1, 1), ("sailor", 1000, 1000)):
            path = os.path.join(self.source, name)
            open(path, "w").close()
            os.chown(path, uid, gid)

    def owners(self, *names, options=("bind",), **members):
        seen = self.lines("stat", *("/tmp/" + name for name in names), change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=self.source, options=list(options), **members))
        return [(one["uid"], one["gid"]) for one in seen]

    def mapping(self, inside, outside, size):
        return [{"containerID": inside, "hostID": outside, "size": size}]

    @quick
    def test_by_mappings(self):
        found = self.owners("root", "one", "sailor", uidMappings=self.mapping(0, 2000, 2) + self.mapping(1000, 5, 1),
                            gidMappings=self.mapping(0, 3000, 2) + self.mapping(1000, 6, 1))
        self.assertEqual(found, [(2000, 3000), (2001, 3001), (5, 6)])

    @quick
    def test_by_option(self):
        options = ["bind", "idmap=uids=0-2000-1#1000-5-1;gids=0-3000-1001"]
        found = self.owners("root", "one", "sailor", options=options)
        self.assertEqual(found, [(2000, 3000), (65534, 3001), (5, 4000)])

    def test_relative_without_a_user_namespace_is_the_same(self):
        found = self.owners("root", options=["bind", "idmap=uids=@0-7-1;gids=@0-8-1"])
        self.assertEqual(found, [(7, 8)])

    def test_what_is_written_gets_the_ids_back(self):
        self.lines("create", "/tmp/new", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=self.source, options=["bind", "idmap=uids=42-0-1#0-2000-1;gids=42-0-1#0-2000-1"]))
        info = os.stat(os.path.join(self.source, "new"))
        self.assertEqual((info.st_uid, info.st_gid), (42, 42))

    def test_attributes_and_below(self):
        below = os.path.join(self.source, "below")
        os.mkdir(below)
        kernel.mount("tmpfs", below, "tmpfs", 0)
        self.addCleanup(kernel.unmount, below)
        words = "=uids=0-2000-2;gids=0-3000-2"
        for word, wanted in (("idmap", (0, 0)), ("ridmap", (2000, 3000))):
            with self.subTest(word):
                root, inner = self.owners("root", "below", options=["rbind", "ro", word + words])
                self.assertEqual(root, (2000, 3000))
                self.assertEqual(inner, wanted)

    def test_of_a_new_file_system(self):
        seen = self.lines("stat", "/tmp", change=lambda bundle: bundle.mount(
            "/tmp", type="tmpfs", source="tmpfs", options=["idmap=uids=0-2000-2;gids=0-3000-2"]))[0]
        self.assertEqual((seen["uid"], seen["gid"]), (2000, 3000))

    def test_it_is_no_peer_of_the_hosts_mount(self):
        """The parent opens it in the host's mount namespace: events of there must not reach it, nor go out."""
        kernel.mount("", self.source, "", kernel.MS_SHARED)
        os.mkdir(os.path.join(self.source, "later"))
        name = self.start_sleeper(change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=self.source, options=["rbind", "idmap=uids=0-2000-2;gids=0-3000-2"]))
        target = os.path.join(self.source, "later")
        kernel.mount("late", target, "tmpfs", 0)
        self.addCleanup(kernel.unmount, target)
        with open("/proc/%d/mountinfo" % self.pid_of(name)) as file:
            lines = [line for line in file if line.split()[4].startswith("/tmp")]
        self.assertEqual(len(lines), 1, lines)
        self.assertNotIn("shared:", lines[0])
        self.assertNotIn("master:", lines[0])
        self.end(name)

    def test_a_file_system_that_takes_none(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source="/proc/sys", options=["bind", "idmap=uids=0-2000-2;gids=0-3000-2"]))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/tmp", "mount_setattr", "MOUNT_ATTR_IDMAP", "invalid argument")

    def test_a_source_that_is_not_there(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source="/no/such", options=["bind", "idmap=uids=0-2000-2;gids=0-3000-2"]))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/tmp", "open_tree", "no such file or directory")

    def test_ranges_that_overlap(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=self.source, options=["bind", "idmap=uids=0-1-5#3-9-5;gids=0-1-1"]))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/tmp", "uid_map", "invalid argument")


if __name__ == "__main__":
    runner.main()
