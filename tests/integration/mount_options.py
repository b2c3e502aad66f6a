#!/usr/bin/python3
"""Options of mounts that are the runtime's own work: symlinks at either end, remount, flags of the superblock."""

import errno
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

LINK, FILE, DIRECTORY = 0o120000, 0o100000, 0o040000


def by_target(mounts):
    return {mount["target"]: mount for mount in mounts}


class Source(ContainerCase):
    def made(self, name, text="cargo"):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path


class Links(Source):
    def link(self, target="file"):
        self.made("file")
        path = os.path.join(self.directory, "link")
        os.symlink(target, path)
        return path

    def bound(self, source, *options, prepare=None):
        def change(bundle):
            if prepare:
                prepare(bundle.rootfs)
            bundle.mount("/etc/x", type="bind", source=source, options=["bind", *options])
        return change

    @quick
    def test_followed_without_a_word(self):
        seen = self.lines("stat", "/etc/x", change=self.bound(self.link()))[0]
        self.assertEqual(seen["format"], FILE)

    @quick
    def test_source_is_not_followed(self):
        seen = self.lines("stat", "/etc/x", "+", "report", "mounts", change=self.bound(self.link(), "src-nofollow"))
        self.assertEqual((seen[0]["format"], seen[0]["target"]), (LINK, "file"))
        self.assertIn("/etc/x", by_target(seen[1]["mounts"]))

    def test_source_that_is_no_link(self):
        self.link()
        change = self.bound(os.path.join(self.directory, "file"), "src-nofollow", "copy-symlink")
        self.assertEqual(self.lines("read", "/etc/x", change=change)[0]["text"], "cargo")

    def test_destination_is_not_followed(self):
        """The link is mounted on, and what it leads to is left alone."""
        self.link()

        def prepare(rootfs):
            os.symlink("behind", os.path.join(rootfs, "etc/x"))
            with open(os.path.join(rootfs, "etc/behind"), "w") as file:
                file.write("behind")
        source = os.path.join(self.directory, "file")
        for options, wanted in ((["dest-nofollow"], "behind"), ([], "cargo")):
            with self.subTest(options):
                seen = self.lines("read", "/etc/behind", "+", "stat", "/etc/x",
                                  change=self.bound(source, *options, prepare=prepare))
                self.assertEqual(seen[0]["text"], wanted)
                self.assertEqual(seen[1]["format"], FILE if options else LINK)

    def test_a_link_of_procfs(self):
        """Whoever reads /proc/self trusts the kernel."""
        link = os.path.join(self.directory, "link")
        os.symlink("1/root/decoy", link)
        for place in ("/proc/self", "/proc/thread-self", "/proc/mounts"):
            bundle = self.bundle("/bin/true", change=lambda bundle: bundle.mount(
                place, type="bind", source=link, options=["bind", "src-nofollow", "dest-nofollow"]))
            result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id())
            self.assert_one_line(result, "%s: a link of procfs cannot be covered" % place)
        self.assert_nothing_left()

    def test_missing_destination_is_made(self):
        os.mkdir(os.path.join(self.directory, "directory"))
        self.link()
        for name, kind in (("directory", DIRECTORY), ("file", FILE)):
            change = self.bound(os.path.join(self.directory, name), "dest-nofollow")
            self.assertEqual(self.lines("stat", "/etc/x", change=change)[0]["format"], kind)

    @quick
    def test_copied(self):
        for target in ("file", "/no/such/place"):
            with self.subTest(target):
                os.path.lexists(os.path.join(self.directory, "link")) and os.unlink(os.path.join(self.directory, "link"))
                change = self.bound(self.link(target), "copy-symlink")
                seen = self.lines("stat", "/etc/x", "+", "report", "mounts", change=change)
                self.assertEqual((seen[0]["format"], seen[0]["target"]), (LINK, target))
                self.assertNotIn("/etc/x", by_target(seen[1]["mounts"]))

    def test_a_copy_that_is_there_already(self):
        source = self.link("file")
        for there, ok in (("file", True), ("other", False)):
            with self.subTest(there):
                change = self.bound(source, "copy-symlink",
                                    prepare=lambda rootfs: os.symlink(there, os.path.join(rootfs, "etc/x")))
                result = self.run_container("/bin/true", change=change)
                self.assertEqual(result.status == 0, ok, str(result))
                if not ok:
                    self.assert_one_line(result, "/etc/x", "symlinkat", "file exists")

    def test_a_copy_stays_inside_the_root(self):
        outside = os.path.join(self.directory, "outside")
        os.mkdir(outside)
        change = self.bound(self.link(), "copy-symlink", prepare=lambda rootfs: (
            os.rmdir(os.path.join(rootfs, "etc/d")) if os.path.isdir(os.path.join(rootfs, "etc/d")) else None,
            os.symlink(outside, os.path.join(rootfs, "etc/d"))))

        def inside(bundle):
            change(bundle)
            bundle.config["mounts"][-1]["destination"] = "/etc/d/x"
        result = self.run_container("/bin/true", change=inside)
        self.assertEqual(os.listdir(outside), [], str(result))


class Remount(Source):
    @quick
    def test_the_mount_alone(self):
        def change(bundle):
            bundle.mount("/tmp", type="tmpfs", source="tmpfs", options=["nosuid"])
            bundle.mount("/tmp", type="bind", options=["bind", "remount", "ro"])
        mount = by_target(self.report("mounts", change=change)["mounts"])["/tmp"]
        self.assertLessEqual({"ro", "nosuid"}, set(mount["options"]))
        self.assertIn("rw", mount["super"])

    @quick
    def test_the_file_system(self):
        def change(bundle):
            bundle.mount("/tmp", type="tmpfs", source="tmpfs", options=["size=64k"])
            bundle.mount("/tmp", type="tmpfs", source="tmpfs", options=["remount", "size=128k", "ro"])
        mounts = [one for one in self.report("mounts", change=change)["mounts"] if one["target"] == "/tmp"]
        self.assertEqual(len(mounts), 1)
        self.assertLessEqual({"ro", "size=128k"}, set(mounts[0]["super"]))
        self.assertIn("ro", mounts[0]["options"])

    def test_what_is_no_mount(self):
        for options in (["remount", "bind", "ro"], ["remount", "ro"]):
            result = self.run_container("/bin/true", change=lambda bundle: bundle.mount("/var", options=options))
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "mounts[", "/var", "invalid argument")

    def test_what_is_not_there(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.mount("/none", options=["remount", "ro"]))
        self.assert_one_line(result, "mounts[", "/none", "no such file or directory")


class Flags(Source):
    @quick
    def test_of_the_superblock_on_a_bind(self):
        source = os.path.join(self.directory, "source")
        os.mkdir(source)
        words = ["sync", "async", "dirsync", "lazytime", "nolazytime", "mand", "nomand", "iversion", "noiversion",
                 "silent", "loud", "defaults"]
        seen = self.lines("create", "/tmp/new", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=source, options=["bind", *words]))
        self.assertEqual(seen[0]["errno"], 0)

    def test_iversion_of_a_file_system(self):
        for word in ("iversion", "noiversion"):
            def change(bundle):
                bundle.mount("/tmp", type="tmpfs", source="words", options=[word, "size=64k", "nosuid"])
            mount = [one for one in self.report("mounts", change=change)["mounts"] if one["target"] == "/tmp"]
            self.assertEqual(len(mount), 1)
            self.assertIn("size=64k", mount[0]["super"])
            self.assertIn("nosuid", mount[0]["options"])


class SharedFileSystems(Source):
    """A read-only mount of a file system that others have, too: theirs stays as it is."""

    def test_of_the_kernels_only_one(self):
        if not os.path.isdir("/run/lab"):
            skip("not a guest of the lab: it would be this machine's /dev")
        with open("/proc/filesystems") as file:
            known = [line.split()[-1] for line in file]
        for name in ("devtmpfs", "debugfs", "tracefs", "securityfs", "configfs", "pstore", "fusectl"):
            if name not in known:
                continue
            with self.subTest(name):
                theirs = os.path.join(self.directory, name)
                os.mkdir(theirs)
                kernel.mount(name, theirs, name, 0)
                self.addCleanup(kernel.unmount, theirs)
                mounts = by_target(self.report("mounts", change=lambda bundle: bundle.mount(
                    "/tmp", type=name, source=name, options=["ro"]))["mounts"])
                self.assertIn("ro", mounts["/tmp"]["options"])
                self.assertIn("rw", mounts["/tmp"]["super"])
                self.assertEqual(os.statvfs(theirs).f_flag & os.ST_RDONLY, 0)

    def of_namespace(self, kind, destination, name, *words):
        """A change of a bundle; joined: that process's namespace. Mounted as each list of words says, one after the other."""
        def change(bundle, pid=None):
            bundle.drop_namespace(kind)
            path = {"path": "/proc/%d/ns/%s" % (pid, {"network": "net"}.get(kind, kind))} if pid else {}
            bundle.linux["namespaces"].append({"type": kind, **path})
            bundle.config["mounts"] = [one for one in bundle.config["mounts"] if one["destination"] != destination]
            for options in words:
                kind_of = "none" if "remount" in options else name
                bundle.mount(destination, type=kind_of, source=name, options=options)
        return change

    def test_of_a_namespace_that_is_joined(self):
        """Its first mount makes the file system, and does not decide for the ones of other containers; nor does a remount,
        whose type says nothing."""
        for kind, *place in (("network", "/sys", "sysfs"), ("pid", "/proc", "proc")):
            with self.subTest(kind):
                first = self.start_sleeper(self.of_namespace(kind, *place, ["ro", "nosuid"]))
                pid = self.pid_of(first)
                with open("/proc/%d/mounts" % pid) as file:
                    options = [line.split()[3].split(",") for line in file if line.split()[1] == place[0]]
                self.assertIn("ro", options[0])
                for words in ([["rw", "nosuid"]], [["nosuid"], ["remount", "ro"]], [["rw", "nosuid"]]):
                    change = self.of_namespace(kind, *place, *words)
                    mounts = by_target(self.report("mounts", change=lambda bundle: change(bundle, pid))["mounts"])
                    self.assertIn("ro" if "ro" in words[-1] else "rw", mounts[place[0]]["options"])
                    self.assertIn("rw", mounts[place[0]]["super"])
                self.end(first)

    def test_the_cgroups_in_the_hosts_namespace(self):
        """A new mount would take "nsdelegate" from the host's, and show all of them."""
        if not os.path.isdir("/run/lab"):
            skip("not a guest of the lab: it would be this machine's cgroups")

        def options():
            with open("/proc/self/mountinfo") as file:
                return [line.split()[-1] for line in file if line.split()[4] == "/sys/fs/cgroup"]

        def change(bundle):
            bundle.drop_namespace("cgroup")
            bundle.mount("/tmp", type="cgroup2", source="cgroup2", options=["ro", "nosuid"])
        before = options()
        self.assertIn("nsdelegate", before[0])
        seen = self.lines("report", "mounts", "+", "read", "/tmp/cgroup.procs", change=change)
        mount = by_target(seen[0]["mounts"])["/tmp"]
        self.assertLessEqual({"ro", "nosuid"}, set(mount["options"]))
        self.assertEqual(seen[1]["text"], "1\n")
        self.assertEqual(options(), before)

    def test_remount_of_the_cgroups(self):
        if not os.path.isdir("/run/lab"):
            skip("not a guest of the lab: it would be this machine's cgroups")
        for name in ("cgroup", "none", ""):
            with self.subTest(name):
                mounts = by_target(self.report("mounts", change=lambda bundle: bundle.mount(
                    "/sys/fs/cgroup", type=name, source="cgroup", options=["remount", "ro"]))["mounts"])
                self.assertIn("ro", mounts["/sys/fs/cgroup"]["options"])
                self.assertEqual(os.statvfs("/sys/fs/cgroup").f_flag & os.ST_RDONLY, 0)


class Many(Source):
    def test_time_is_linear(self):
        source = os.path.join(self.directory, "source")
        os.mkdir(source)

        def seconds(count):
            def change(bundle):
                for i in range(count):
                    bundle.mount("/srv/%d" % i, type="bind", source=source, options=["bind", "ro"])
            begin = time.monotonic()
            result = self.run_container("/bin/true", change=change, words=())
            self.assertEqual(result.status, 0, str(result))
            return time.monotonic() - begin
        few = seconds(250)
        self.assertLess(seconds(1000), 12 * few + 1)


class Types(Source):
    def test_any_other_by_its_name(self):
        """Of those that show nothing of the host's but what is in the root anyhow: whatever this kernel has."""
        with open("/proc/filesystems") as file:
            known = [line.split()[-1] for line in file]
        tried = [name for name in ("ramfs", "devtmpfs", "binfmt_misc", "securityfs", "debugfs") if name in known]
        self.assertIn("ramfs", tried)
        for name in tried:
            with self.subTest(name):
                mounts = by_target(self.report("mounts", change=lambda bundle: bundle.mount(
                    "/tmp", type=name, source="of-" + name, options=["nosuid", "noexec"]))["mounts"])
                self.assertEqual(mounts["/tmp"]["type"], name)
                self.assertLessEqual({"nosuid", "noexec"}, set(mounts["/tmp"]["options"]))

    def test_of_two_words_that_contradict_each_other_the_later_holds(self):
        """As with mount(8), for configurations are written by adding to a list."""
        for words, wanted, unwanted in ((("ro", "rw"), "rw", "ro"), (("exec", "noexec"), "noexec", "exec"),
                                        (("noatime", "relatime"), "relatime", "noatime"), (("rw", "rro"), "ro", "rw")):
            with self.subTest(words):
                found = by_target(self.report("mounts", change=lambda bundle: bundle.mount(
                    "/tmp", type="bind", source=self.directory, options=["bind", *words]))["mounts"])["/tmp"]["options"]
                self.assertIn(wanted, found)
                self.assertNotIn(unwanted, found)
        for words, shared in ((("private", "shared"), True), (("shared", "private"), False)):
            optional = by_target(self.report("mounts", change=lambda bundle: bundle.mount(
                "/tmp", type="tmpfs", source="tmpfs", options=list(words)))["mounts"])["/tmp"]["optional"]
            self.assertEqual(any(word.startswith("shared:") for word in optional), shared, words)


class Places(Source):
    def test_relative_destination(self):
        source = self.made("file")
        seen = self.lines("read", "/etc/x", change=lambda bundle: bundle.mount(
            "etc/x", type="bind", source=source, options=["bind"]))
        self.assertEqual(seen[0]["text"], "cargo")

    def test_a_mount_over_a_mount(self):
        def change(bundle):
            for size in ("64k", "128k"):
                bundle.mount("/tmp", type="tmpfs", source="tmpfs", options=["size=" + size])
        mounts = [one for one in self.report("mounts", change=change)["mounts"] if one["target"] == "/tmp"]
        self.assertEqual([("size=64k" in one["super"], "size=128k" in one["super"]) for one in mounts],
                         [(True, False), (False, True)])

    def test_a_file_over_a_directory(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=self.made("file"), options=["bind"]))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/tmp")

    def test_sources_that_loop_or_are_too_long(self):
        loop = os.path.join(self.directory, "loop")
        os.symlink("loop", loop)
        for source, error in ((loop, errno.ELOOP), ("/" + "long/" * 1000, errno.ENAMETOOLONG)):
            result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
                "/tmp", type="bind", source=source, options=["bind"]))
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "mounts[", os.strerror(error))


if __name__ == "__main__":
    runner.main()
