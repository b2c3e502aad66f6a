#!/usr/bin/python3
"""The mounts of the configuration, the masked and the read-only paths, the root."""

import errno
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

# What mountinfo shows for a mount of the specification: type, options that must and must not be there, superoptions.
EXPECTED = {
    "/proc": ("proc", ["rw"], ["ro"], []),
    "/dev": ("tmpfs", ["rw", "nosuid"], ["noexec", "nodev", "relatime", "noatime"], ["mode=755", "size=65536k"]),
    "/dev/pts": ("devpts", ["rw", "nosuid", "noexec"], [], ["gid=5", "mode=620", "ptmxmode=666"]),
    "/dev/shm": ("tmpfs", ["rw", "nosuid", "noexec", "nodev"], [], ["size=65536k"]),
    "/dev/mqueue": ("mqueue", ["rw", "nosuid", "noexec", "nodev"], [], []),
    "/sys": ("sysfs", ["ro", "nosuid", "noexec", "nodev"], ["rw"], []),
}


def by_target(mounts):
    """The topmost mount of each target: the last one listed."""
    return {mount["target"]: mount for mount in mounts}


class SpecMounts(ContainerCase):
    @quick
    def test_types_and_flags(self):
        found = by_target(self.report("mounts")["mounts"])
        listed = [entry["destination"] for entry in self.bundle().config["mounts"]]
        self.assertEqual(set(listed), set(EXPECTED) | {"/sys/fs/cgroup"})
        for target, (kind, wanted, unwanted, superoptions) in EXPECTED.items():
            with self.subTest(target):
                mount = found[target]
                self.assertEqual(mount["type"], kind)
                self.assertLessEqual(set(wanted), set(mount["options"]), mount)
                self.assertFalse(set(unwanted) & set(mount["options"]), mount)
                self.assertLessEqual(set(superoptions), set(mount["super"]), mount)

    def test_permissions_of_shm(self):
        self.assertEqual(self.lines("stat", "/dev/shm")[0]["mode"], 0o1777)

    def test_devpts_is_a_new_instance(self):
        mount = by_target(self.report("mounts")["mounts"])["/dev/pts"]
        with open("/proc/self/mountinfo") as file:
            hosts = {line.split()[2] for line in file if " - devpts " in line}
        self.assertNotIn(mount["device"], hosts)

    def test_nothing_of_the_host_stays_visible(self):
        """After pivot_root the old root must be gone: each mount is the root's, the configuration's or a mask."""
        bundle = self.bundle()
        allowed = ["/"] + [entry["destination"] for entry in bundle.config["mounts"]]
        masked = bundle.linux["maskedPaths"] + bundle.linux["readonlyPaths"]
        for mount in self.report("mounts")["mounts"]:
            target = mount["target"]
            self.assertTrue(target in allowed + masked or target.startswith("/sys/fs/cgroup/"), mount)

    def test_no_mount_is_shared(self):
        """A shared mount would be a peer of one on the host or hand what the container mounts to others."""
        for mount in self.report("mounts")["mounts"]:
            self.assertFalse([word for word in mount["optional"] if word.startswith("shared:")], mount)

    def test_no_pivot(self):
        seen = self.report("mounts", "cwd", words=("--no-pivot",))
        self.assertIn("/proc", by_target(seen["mounts"]))
        self.assertEqual(seen["cwd"], "/")


class Order(ContainerCase):
    def sources(self):
        for name in ("a", "b"):
            os.mkdir(os.path.join(self.directory, name))
            with open(os.path.join(self.directory, name, "from-" + name), "w") as file:
                file.write(name)

    def bind(self, bundle, name, destination):
        bundle.mount(destination, type="bind", source=os.path.join(self.directory, name), options=["bind", "rw"])

    def test_a_later_mount_lies_inside_an_earlier_one(self):
        self.sources()
        os.mkdir(os.path.join(self.directory, "a", "sub"))

        def change(bundle):
            self.bind(bundle, "a", "/var")
            self.bind(bundle, "b", "/var/sub")
        outer, inner = self.lines("list", "/var", "/var/sub", change=change)
        self.assertEqual(sorted(outer["names"]), ["from-a", "sub"])
        self.assertEqual(inner["names"], ["from-b"])

    def test_a_later_mount_covers_an_earlier_one(self):
        self.sources()

        def change(bundle):
            os.mkdir(os.path.join(bundle.rootfs, "var/sub"))
            self.bind(bundle, "b", "/var/sub")
            self.bind(bundle, "a", "/var")
        self.assertEqual(self.lines("list", "/var", change=change)[0]["names"], ["from-a"])


class Root(ContainerCase):
    """A mount on "/" is the root from then on."""

    def other(self):
        """A tree with the programs and a file of its own, on the host."""
        tree = os.path.join(self.directory, "other")
        shutil.copytree(os.path.join(self.bundle().rootfs, "bin"), tree + "/bin", symlinks=True)
        for name in ("dev", "proc", "sys", "etc", "var"):
            os.mkdir(os.path.join(tree, name))
        with open(tree + "/WHO", "w") as file:
            file.write("other")
        return tree

    @staticmethod
    def first(bundle, **members):
        bundle.config["mounts"].insert(0, dict(destination="/", **members))

    @quick
    def test_bind(self):
        tree = self.other()
        seen = self.lines("read", "/WHO", "+", "list", "/proc/self", "+", "create", "/new", change=lambda bundle: self.first(
            bundle, type="bind", source=tree, options=["rbind", "rw"]))
        self.assertEqual(seen[0]["text"], "other")
        self.assertIn("status", seen[1]["names"])
        self.assertEqual(seen[2]["errno"], errno.EROFS, "root.readonly is of the root that it is")

    def test_overlay_and_exec(self):
        tree, lower = self.other(), []

        def change(bundle):
            lower.append(bundle.rootfs)
            self.first(bundle, type="overlay", source="overlay", options=["lowerdir=%s:%s" % (tree, bundle.rootfs)])
        seen = self.report("mounts", change=change)
        root = by_target(seen["mounts"])["/"]
        self.assertEqual(root["type"], "overlay")
        name = self.start_sleeper(change=change)
        self.assertEqual(self.runtime.ok("exec", name, "/bin/cat", "/WHO", "/etc/group").stdout,
                         "otherroot:x:0:\nsailor:x:1000:\n")
        self.end(name)

    def test_tmpfs_with_the_rest_bound_in(self):
        tree = self.other()

        def change(bundle):
            self.first(bundle, type="tmpfs", source="tmpfs")
            bundle.config["mounts"].insert(1, {"destination": "/bin", "type": "bind", "source": tree + "/bin", "options": ["bind"]})
        for words in ((), ("--no-pivot",)):
            names = self.lines("list", "/", change=change, words=words)[0]["names"]
            self.assertEqual(sorted(names), ["bin", "dev", "proc", "sys"])

    def test_a_later_one_covers_all_before(self):
        tree = self.other()
        result = self.run_container("/bin/ls", "/proc", change=lambda bundle: bundle.mount(
            "/", type="bind", source=tree, options=["bind", "dest-nofollow"]))
        self.assertEqual((result.status, result.stdout), (0, ""), str(result))

    def test_new_attributes_for_the_root(self):
        seen = self.report("mounts", change=lambda bundle: bundle.mount("/", type="bind", options=["bind", "remount", "nosuid"]))
        self.assertIn("nosuid", by_target(seen["mounts"])["/"]["options"])

    def test_a_file_is_no_root(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
            "/", type="bind", source="/etc/passwd", options=["bind"]))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "not a directory")


class OldSystemd(ContainerCase):
    def test_the_named_hierarchy_in_the_place_of_cgroups(self):
        with open("/proc/self/cgroup") as file:
            if ":name=systemd:" not in file.read():
                skip("this kernel has no hierarchy of that name: nobody has mounted it")

        def change(bundle):
            bundle.own_cgroup_namespace()
            bundle.config["annotations"] = {"run.oci.systemd.force_cgroup_v1": "/sys/fs/cgroup"}
        seen = self.lines("report", "mounts", "+", "list", "/sys/fs/cgroup", "/sys/fs/cgroup/systemd", change=change)
        mounts = by_target(seen[0]["mounts"])
        self.assertEqual(mounts["/sys/fs/cgroup"]["type"], "tmpfs")
        self.assertEqual(mounts["/sys/fs/cgroup/systemd"]["type"], "cgroup")
        self.assertIn("name=systemd", mounts["/sys/fs/cgroup/systemd"]["super"])
        self.assertEqual(seen[1]["names"], ["systemd"])
        self.assertIn("cgroup.procs", seen[2]["names"])


class Mode(ContainerCase):
    """A tmpfs that says nothing of its mode."""

    def seen(self, *options, made=True):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            for name, mode in (("a", 0o2750), ("b", 0o1777), ("c", 0o700)):
                if not made:
                    break
                os.mkdir(os.path.join(bundle.rootfs, "var", name))
                os.chown(os.path.join(bundle.rootfs, "var", name), 7, 8)
                os.chmod(os.path.join(bundle.rootfs, "var", name), mode)
            for name in "abc":
                bundle.mount("/var/" + name, type="tmpfs", source="tmpfs", options=list(options))
        found = self.lines("stat", "/var/a", "/var/b", "/var/c", change=change)
        self.assertEqual({one["filesystem"] for one in found}, {0x01021994})
        self.assertEqual({(one["uid"], one["gid"]) for one in found}, {(0, 0)})
        return [one["mode"] for one in found]

    @quick
    def test_it_is_that_of_the_directory(self):
        self.assertEqual(self.seen(), [0o2750, 0o1777, 0o700])
        self.assertEqual(self.seen("ro", "size=1m"), [0o2750, 0o1777, 0o700])

    def test_one_that_is_given(self):
        self.assertEqual(self.seen("mode=0711"), [0o711] * 3)

    def test_a_directory_that_is_made_for_it(self):
        self.assertEqual(self.seen(made=False), [0o1777] * 3)


class Binds(ContainerCase):
    def source(self):
        path = os.path.join(self.directory, "source")
        os.mkdir(path)
        return path

    def test_read_only_bind(self):
        source = self.source()
        result = self.lines("create", "/tmp/new", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=source, options=["rbind", "ro"]))
        self.assertEqual(result[0]["errno"], errno.EROFS)
        self.assertEqual(os.listdir(source), [])

    def test_writable_bind_reaches_the_host(self):
        source = self.source()
        result = self.lines("create", "/tmp/new", change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=source, options=["bind"]))
        self.assertEqual(result[0]["errno"], 0)
        self.assertEqual(os.listdir(source), ["new"])

    def test_relative_source_is_relative_to_the_bundle(self):
        def change(bundle):
            os.mkdir(os.path.join(bundle.path, "data"))
            open(os.path.join(bundle.path, "data", "here"), "w").close()
            bundle.mount("/tmp", type="bind", source="data", options=["bind"])
        self.assertEqual(self.lines("list", "/tmp", change=change)[0]["names"], ["here"])

    def test_a_file(self):
        path = os.path.join(self.directory, "file")
        with open(path, "w") as file:
            file.write("cargo")
        result = self.lines("read", "/etc/manifest", change=lambda bundle: bundle.mount(
            "/etc/manifest", type="bind", source=path, options=["bind", "ro"]))
        self.assertEqual(result[0]["text"], "cargo")

    def test_missing_mount_point_is_made(self):
        source = self.source()
        found = by_target(self.report("mounts", change=lambda bundle: bundle.mount(
            "/srv/deep/down", type="bind", source=source, options=["bind"]))["mounts"])
        self.assertIn("/srv/deep/down", found)

    def test_mount_point_behind_a_link_stays_inside(self):
        source = self.source()
        outside = os.path.join(self.directory, "outside")
        os.mkdir(outside)

        def change(bundle):
            os.symlink("/../../../../.." + outside, os.path.join(bundle.rootfs, "way"))
            bundle.mount("/way/there", type="bind", source=source, options=["bind"])
        result = self.run_container("/bin/true", change=change)
        self.assertEqual(os.listdir(outside), [], str(result))

    def test_a_mount_of_the_host_made_later_stays_out(self):
        """The root follows the host's mount events as a slave at most, and a private bind not at all."""
        source = self.source()
        os.mkdir(os.path.join(source, "later"))
        name = self.start_sleeper(change=lambda bundle: bundle.mount(
            "/tmp", type="bind", source=source, options=["rbind", "rprivate"]))
        target = os.path.join(source, "later")
        kernel.mount("late", target, "tmpfs", 0)
        self.addCleanup(kernel.unmount, target)
        with open("/proc/%d/mountinfo" % self.pid_of(name)) as file:
            self.assertNotIn(" /tmp/later ", file.read())
        self.end(name)

    def test_a_shared_bind_is_a_peer_of_the_hosts_mount(self):
        """What is mounted below it is seen on both sides; but only where the root's propagation is shared, too."""
        for root, is_peer in (("rshared", True), ("shared", True), ("rslave", False), ("private", False)):
            with self.subTest(root):
                source = os.path.join(self.directory, "volume-" + root)
                os.makedirs(source + "/later")
                kernel.mount(source, source, None, kernel.MS_BIND)
                kernel.mount(None, source, None, kernel.MS_SHARED)

                def change(bundle):
                    bundle.linux["rootfsPropagation"] = root
                    bundle.grant("CAP_SYS_ADMIN")
                    bundle.mount("/tmp", type="bind", source=source, options=["rbind", "rshared"])
                name = self.start_sleeper(change=change)
                self.runtime.ok("exec", "--cap", "CAP_SYS_ADMIN", name, "/bin/mount", "-t", "tmpfs", "late", "/tmp/later")
                with open("/proc/self/mountinfo") as file:
                    self.assertEqual(" %s/later " % source in file.read(), is_peer)
                if is_peer:
                    kernel.unmount(source + "/later")
                    with open("/proc/%d/mountinfo" % self.pid_of(name)) as file:
                        self.assertNotIn(" /tmp/later ", file.read())
                self.end(name)
                kernel.unmount(source)

    def test_what_is_mounted_later_in_a_volume_of_each_propagation(self):
        """On the host: seen inside with slave and shared. Inside: seen on the host with shared alone, and that of the root."""
        rows = (  # the root's, the volume's, seen inside, seen on the host
            (None, None, True, False), (None, "rprivate", False, False), (None, "private", False, False),
            (None, "rslave", True, False), (None, "slave", True, False), ("rslave", "rslave", True, False),
            (None, "rshared", True, False), ("rslave", "rshared", True, False), ("rshared", "rslave", True, False),
            ("rshared", "rshared", True, True), ("rshared", "rprivate", False, False), (None, "runbindable", False, False),
            ("private", "rslave", False, False))
        for number, (root, word, inside, outside) in enumerate(rows):
            with self.subTest(root=root, volume=word):
                source = os.path.join(self.directory, "volume%d" % number)
                os.makedirs(source)
                kernel.mount("volume", source, "tmpfs", 0)
                try:
                    kernel.mount(None, source, None, kernel.MS_SHARED)
                    for name in ("host", "own", "deep"):
                        os.mkdir(os.path.join(source, name))
                    kernel.mount("deep", source + "/deep", "tmpfs", 0)  # a mount below, that r- words reach
                    os.mkdir(source + "/deep/host")
                    self.check_later_mounts(source, root, word, inside, outside)
                finally:
                    kernel.unmount(source)

    def check_later_mounts(self, source, root, word, inside, outside):
        def change(bundle):
            if root:
                bundle.linux["rootfsPropagation"] = root
            bundle.grant("CAP_SYS_ADMIN")
            bundle.mount("/tmp", type="bind", source=source, options=["rbind"] + [word] * bool(word))

        def places(pid):
            with open("/proc/%s/mountinfo" % pid) as file:
                return {line.split()[4] for line in file}
        name = self.start_sleeper(change=change)
        pid = self.pid_of(name)
        kernel.mount("late", source + "/host", "tmpfs", 0)
        kernel.mount("late", source + "/deep/host", "tmpfs", 0)
        self.assertEqual("/tmp/host" in places(pid), inside)
        if word in (None, "rprivate", "rslave", "rshared"):
            self.assertEqual("/tmp/deep/host" in places(pid), inside)
        self.runtime.ok("exec", "--cap", "CAP_SYS_ADMIN", name, "/bin/mount", "-t", "tmpfs", "late", "/tmp/own")
        self.assertIn("/tmp/own", places(pid))
        self.assertEqual(source + "/own" in places("self"), outside)
        self.end(name)


class CgroupMounts(ContainerCase):
    def inside(self, own_namespace=True):
        def change(bundle):
            if own_namespace:
                bundle.own_cgroup_namespace()
            else:
                bundle.drop_namespace("cgroup")
        return self.report("mounts", change=change)["mounts"]

    @quick
    def test_every_hierarchy_is_there(self):
        for own_namespace in (True, False):
            with self.subTest(own_namespace=own_namespace):
                mounts = self.inside(own_namespace)
                shown = {mount["target"] for mount in mounts if mount["type"] in ("cgroup", "cgroup2")}
                if cgroup.layout() == "v2":
                    self.assertEqual(shown, {"/sys/fs/cgroup"})
                    continue
                for key, target in cgroup.hierarchies().items():
                    if key:
                        self.assertIn(target, shown)

    def test_they_are_read_only_and_quiet(self):
        for mount in self.inside():
            if mount["type"] in ("cgroup", "cgroup2"):
                self.assertLessEqual({"ro", "nosuid", "noexec", "nodev"}, set(mount["options"]), mount)

    def test_only_the_own_cgroup_is_below(self):
        """The own cgroup holds nothing but this process, whatever else runs on the host."""
        target = "/sys/fs/cgroup" if cgroup.layout() == "v2" else "/sys/fs/cgroup/pids"
        for own_namespace in (True, False):
            if cgroup.layout() == "v2" and not own_namespace:
                continue  # without a namespace the v2 tree is mounted from its root
            with self.subTest(own_namespace=own_namespace):
                def change(bundle):
                    bundle.own_cgroup_namespace() if own_namespace else bundle.drop_namespace("cgroup")
                members = self.lines("read", target + "/cgroup.procs", change=change)[0]
                self.assertEqual(members["text"], "1\n")

    def test_writing_is_refused(self):
        target = "/sys/fs/cgroup" if cgroup.layout() == "v2" else "/sys/fs/cgroup/cpu"
        answer = self.lines("write", target + "/cgroup.procs", "1")[0]
        self.assertEqual(answer["errno"], errno.EROFS)


class Root(ContainerCase):
    @quick
    def test_read_only(self):
        for readonly, wanted in ((True, errno.EROFS), (False, 0)):
            def change(bundle):
                bundle.config["root"]["readonly"] = readonly
            self.assertEqual(self.lines("create", "/var/new", change=change)[0]["errno"], wanted)

    def test_absolute_root_path(self):
        def change(bundle):
            bundle.config["root"]["path"] = bundle.rootfs
        self.assertEqual(self.report("cwd", change=change)["cwd"], "/")

    def test_dot_dot_of_the_root_is_the_root(self):
        names = self.lines("list", "/../../..")[0]["names"]
        self.assertIn("bin", names)
        self.assertNotIn("home", names)


class Masks(ContainerCase):
    @quick
    def test_masked_paths_of_the_spec(self):
        paths = self.bundle().linux["maskedPaths"]
        self.assertIn("/proc/keys", paths)
        for path, seen in zip(paths, self.lines("stat", *paths)):
            with self.subTest(path):
                if seen["errno"] == errno.ENOENT:
                    continue
                self.assertEqual(seen["errno"], 0)
                if seen["format"] == 0o040000:
                    self.assertEqual(self.lines("list", path)[0]["names"], [])
                else:
                    self.assertEqual(self.lines("read", path)[0]["text"], "")

    def test_own_file_and_directory(self):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            with open(os.path.join(bundle.rootfs, "etc/secret"), "w") as file:
                file.write("secret")
            os.mkdir(os.path.join(bundle.rootfs, "var/secrets"))
            open(os.path.join(bundle.rootfs, "var/secrets/one"), "w").close()
            bundle.linux["maskedPaths"] += ["/etc/secret", "/var/secrets", "/not/there"]
        file, directory, made = self.lines(
            "read", "/etc/secret", "+", "list", "/var/secrets", "+", "create", "/var/secrets/two", change=change)
        self.assertEqual(file["text"], "")
        self.assertEqual(directory["names"], [])
        self.assertEqual(made["errno"], errno.EROFS)

    def test_secrets_are_readable_without_the_mask(self):
        """Sees the test above fail: the same file, not masked."""
        def change(bundle):
            with open(os.path.join(bundle.rootfs, "etc/secret"), "w") as file:
                file.write("secret")
        self.assertEqual(self.lines("read", "/etc/secret", change=change)[0]["text"], "secret")

    @quick
    def test_read_only_paths_of_the_spec(self):
        paths = self.bundle().linux["readonlyPaths"]
        self.assertIn("/proc/sys", paths)
        found = by_target(self.report("mounts")["mounts"])
        for path, seen in zip(paths, self.lines("stat", *paths)):
            if seen["errno"] == 0:
                self.assertIn("ro", found[path]["options"])
        # Opened without writing a byte: a runtime that fails here must not trigger anything.
        for path in ("/proc/sys/kernel/domainname", "/proc/sysrq-trigger"):
            if not os.path.exists(path):
                continue  # a kernel without magic sysrq
            self.assertEqual(self.lines("write", path)[0]["errno"], errno.EROFS, path)

    def test_own_read_only_path(self):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            bundle.linux["readonlyPaths"] += ["/var", "/not/there"]
        inside, beside = self.lines("create", "/var/new", "+", "create", "/tmp/new", change=change)
        self.assertEqual(inside["errno"], errno.EROFS)
        self.assertEqual(beside["errno"], 0)

    def test_a_read_only_path_keeps_the_flags_of_its_mount(self):
        """The bind's remount must not drop nosuid, nodev and noexec of /dev/shm."""
        def change(bundle):
            bundle.linux["readonlyPaths"].append("/dev/shm")
        mount = by_target(self.report("mounts", change=change)["mounts"])["/dev/shm"]
        self.assertLessEqual({"ro", "nosuid", "nodev", "noexec"}, set(mount["options"]), mount)


if __name__ == "__main__":
    runner.main()
