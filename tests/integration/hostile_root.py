#!/usr/bin/python3
"""Root file systems that lie: every attack is a link, a file or a device of the image that leads the runtime out of the
root. Whatever it does then (an error, or something inside the root), the host stays as it was.

Each test runs again with openat2(2) unknown, with openat2 forbidden as old filters do it, and in a user namespace, with
openat2 and without: there the canary belongs to the container's root, so that nothing but orlop protects it."""

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, openat2, runner  # noqa: E402
from harness.bundle import USER_BASE  # noqa: E402
from harness.case import ContainerCase  # noqa: E402

CORE_PATTERN = "/proc/sys/kernel/core_pattern"


def read(path):
    with open(path) as file:
        return file.read()


def tree_of(top):
    """All that is in the canary: kind, mode, owner, time and content."""
    seen = {}
    for directory, names, files in os.walk(top):
        for name in names + files + [""]:
            path = os.path.join(directory, name)
            info = os.lstat(path)
            seen[path] = (info.st_mode, info.st_uid, info.st_gid, info.st_ino, info.st_mtime_ns)
    return seen


class Canary(ContainerCase):
    """A directory of the host with the names that a runtime makes, and what must not change beside it."""

    before = None  # what the runtime's process does first
    is_in_user_namespace = False

    def setUp(self):
        super().setUp()
        self.canary = os.path.join(self.directory, "canary")
        os.mkdir(self.canary)
        for name in ("ptmx", "core", "fd", "stdin", "console", "null", "file", "tty"):
            with open(os.path.join(self.canary, name), "w") as file:
                file.write("canary")
        os.mkdir(os.path.join(self.canary, "directory"))
        if self.is_in_user_namespace:
            for name in ["."] + os.listdir(self.canary):
                os.chown(os.path.join(self.canary, name), USER_BASE, USER_BASE)
        self.was = self.look()
        self.addCleanup(lambda: self.assertEqual(self.look(), self.was))

    def look(self):
        with open("/proc/self/mountinfo") as file:
            mounts = sorted(line for line in file)
        return tree_of(self.canary), mounts, read(CORE_PATTERN)

    def attack(self, *args, change, words=()):
        """The result of a run; every file of the host that the attack aims at is looked at."""
        def changed(bundle):
            change(bundle)
            if self.is_in_user_namespace:
                bundle.user_namespace()
        result = self.run_container(*(args or ("/bin/true",)), change=changed, words=words, before=self.before)
        self.assertIn(result.status, (0, 1), str(result))
        self.assertEqual(self.look(), self.was, str(result))
        return result

    def link(self, bundle, name, target=None):
        """Puts a link in the place of a name of the image."""
        path = os.path.join(bundle.rootfs, name)
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target or self.canary, path)

    def without_mounts(self, bundle, *prefixes):
        bundle.config["mounts"] = [one for one in bundle.config["mounts"]
                                   if not one["destination"].startswith(prefixes)]
        bundle.config["root"]["readonly"] = False


class MountPoints(Canary):
    def test_proc_and_sys_are_links(self):
        """CVE-2019-19921, CVE-2023-27561, CVE-2025-54867: mounted elsewhere, what is written there is the image's."""
        for name in ("proc", "sys"):
            for target in (self.canary, "bad-" + name, "/../../.." + self.canary):
                with self.subTest(name=name, target=target):
                    result = self.attack(change=lambda bundle: self.link(bundle, name, target))
                    self.assertEqual(result.status, 1)
                    self.assert_one_line(result, "must be mounted on an ordinary directory", "/" + name)

    def test_every_mount_point_is_a_link_out(self):
        """CVE-2019-18837: as the last component, in the middle, by a chain and by dots."""
        source = os.path.join(self.directory, "source")
        os.mkdir(source)
        ways = {
            "last": [("m", self.canary)],
            "dots": [("m", "../../../../../../../../.." + self.canary)],
            "chain": [("m", "n"), ("n", "o"), ("o", self.canary)],
            "middle": [("m", os.path.dirname(self.canary))],
            "file": [("m", self.canary + "/file")],
        }
        for way, links in ways.items():
            for kind in ("bind", "tmpfs"):
                for destination in ("/m", "/m/canary", "/m/new/deep", "/m/directory", "/m/../m/x"):
                    def change(bundle):
                        self.without_mounts(bundle, "/none")
                        for name, target in links:
                            self.link(bundle, name, target)
                        options = ["bind"] if kind == "bind" else []
                        bundle.mount(destination, type=kind, source=source if kind == "bind" else "tmpfs", options=options)
                    with self.subTest(way=way, kind=kind, destination=destination):
                        self.attack(change=change)

    def test_a_file_of_the_host_is_no_mount_point(self):
        source = os.path.join(self.directory, "source")
        open(source, "w").close()
        for options in (["bind"], ["bind", "dest-nofollow"], ["bind", "copy-symlink"]):
            def change(bundle):
                self.link(bundle, "etc/file", self.canary + "/file")
                bundle.mount("/etc/file", type="bind", source=source, options=options)
            with self.subTest(options):
                self.attack(change=change)

    def test_links_that_never_end(self):
        def change(bundle):
            self.link(bundle, "m", "m2")
            self.link(bundle, "m2", "m")
            bundle.mount("/m/x", type="tmpfs", source="tmpfs")
        result = self.attack(change=change)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "/m/x", os.strerror(errno.ELOOP))

    def test_magic_links(self):
        """The container's own procfs is mounted before: its links lead to where no name does."""
        for link in ("/proc/self/root", "/proc/self/cwd", "/proc/1/root", "/proc/self/fd/3", "/proc/thread-self/root"):
            def change(bundle):
                self.link(bundle, "m", link)
                bundle.mount("/m" + self.canary + "/directory", type="tmpfs", source="tmpfs")
            with self.subTest(link):
                self.assertEqual(self.attack(change=change).status, 1)

    def test_a_copied_tree_does_not_lead_out(self):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            self.link(bundle, "var/tree")
            bundle.mount("/var/tree", type="tmpfs", source="tmpfs", options=["tmpcopyup"])
        result = self.attack("/bin/ls", "/var/tree/", change=change)
        self.assertNotIn("ptmx", result.stdout)

    def test_a_remount_does_not_reach_the_host(self):
        def change(bundle):
            self.link(bundle, "m", "/../../../..")
            bundle.mount("/m", type="bind", options=["bind", "remount", "nodev"])
        self.attack(change=change)


class Dev(Canary):
    def test_dev_is_a_link(self):
        """CVE-2026-41579, CVE-2026-47766."""
        for terminal in (False, True):
            for mounts in (("/dev",), ("/none",)):
                def change(bundle):
                    self.without_mounts(bundle, *mounts)
                    bundle.process["terminal"] = terminal
                    self.link(bundle, "dev")
                with self.subTest(terminal=terminal, mounts=mounts):
                    self.attack(change=change)

    def test_links_in_the_images_dev(self):
        for name in ("null", "console", "ptmx", "fd", "stdin", "pts", "tty", "shm"):
            for target in (CORE_PATTERN, self.canary + "/file", self.canary):
                def change(bundle):
                    self.without_mounts(bundle, "/dev")
                    self.link(bundle, "dev/" + name, target)
                with self.subTest(name=name, target=target):
                    self.attack(change=change)

    def test_links_in_a_volume_that_is_dev(self):
        volume = os.path.join(self.directory, "volume")
        os.mkdir(volume)
        for name in ("null", "console", "ptmx", "fd", "pts"):
            os.symlink(CORE_PATTERN if name in ("null", "console") else self.canary, os.path.join(volume, name))

        def change(bundle):
            self.without_mounts(bundle, "/dev")
            bundle.mount("/dev", type="bind", source=volume, options=["bind"])
        self.attack(change=change)

    def test_a_listed_device_behind_a_link(self):
        def change(bundle):
            self.link(bundle, "etc/way")
            bundle.config["root"]["readonly"] = False
            bundle.linux["devices"] = [{"path": "/etc/way/cargo", "type": "c", "major": 1, "minor": 3}]
        self.attack(change=change)


class Masks(Canary):
    def null(self, make):
        """/dev is a volume in which null is something else."""
        volume = os.path.join(self.directory, "volume")
        os.path.isdir(volume) or os.mkdir(volume)
        path = os.path.join(volume, "null")
        os.path.lexists(path) and os.unlink(path)
        make(path)

        def change(bundle):
            self.without_mounts(bundle, "/dev")
            bundle.mount("/dev", type="bind", source=volume, options=["bind"])
            with open(os.path.join(bundle.rootfs, "etc/secret"), "w") as file:
                file.write("secret")
            bundle.linux["maskedPaths"] = ["/etc/secret"]
        return change

    def test_null_is_something_else(self):
        """CVE-2025-31133: the mask becomes a window to what the link leads to, or is left out."""
        makers = {
            "link": lambda path: os.symlink(CORE_PATTERN, path),
            "file": lambda path: open(path, "w").close(),
            "zero": lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)),
            "pipe": os.mkfifo,
        }
        for name, make in makers.items():
            with self.subTest(name):
                result = self.attack("/bin/cat", "/etc/secret", change=self.null(make))
                self.assertNotIn("secret", result.stdout)
                self.assertNotIn(read(CORE_PATTERN).strip(), result.stdout)
                self.assertEqual(result.status, 1)

    def test_null_is_missing(self):
        result = self.attack("/bin/cat", "/etc/secret", change=self.null(lambda path: None))
        self.assert_one_line(result, "linux.maskedPaths[0]", "/dev/null")
        self.assertEqual(result.stdout, "")

    def test_a_masked_path_is_a_link_out(self):
        def change(bundle):
            self.link(bundle, "etc/a", self.canary + "/file")
            self.link(bundle, "etc/b", self.canary)
            bundle.linux["maskedPaths"] += ["/etc/a", "/etc/b", "/etc/b/directory"]
            bundle.linux["readonlyPaths"] += ["/etc/a", "/etc/b", "/etc/b/directory"]
        self.attack(change=change)

    def test_a_masked_link_hides_what_it_leads_to(self):
        def change(bundle):
            with open(os.path.join(bundle.rootfs, "etc/secret"), "w") as file:
                file.write("secret")
            self.link(bundle, "etc/a", "secret")
            bundle.linux["maskedPaths"] += ["/etc/a"]
        self.assertEqual(self.attack("/bin/cat", "/etc/a", "/etc/secret", change=change).stdout, "")

    def test_an_unbindable_root(self):
        """A mask is a mount of its own: it does not need the root to be copied."""
        def change(bundle):
            bundle.linux["rootfsPropagation"] = "unbindable"
            with open(os.path.join(bundle.rootfs, "etc/secret"), "w") as file:
                file.write("secret")
            bundle.linux["maskedPaths"] += ["/etc/secret"]
        result = self.attack("/bin/cat", "/etc/secret", change=change)
        self.assertEqual((result.status, result.stdout), (0, ""), str(result))


class Working(Canary):
    def test_the_working_directory_is_a_link_out(self):
        """CVE-2024-21626 is in process.py; here the directory is made, and must be made inside."""
        for target in (self.canary, "/proc/self/fd/5", "/proc/1/root/../.." + self.canary, "/proc/self/root"):
            def change(bundle):
                bundle.config["root"]["readonly"] = False
                self.link(bundle, "way", target)
                bundle.process["cwd"] = "/way/made"
            with self.subTest(target):
                self.attack(change=change)

    def test_passwd_is_a_link_a_pipe_or_endless(self):
        """HOME is looked up in the image's file: nothing is followed out of the root, and nobody waits."""
        makers = (lambda path: os.symlink(self.canary + "/file", path), os.mkfifo,
                  lambda path: os.symlink("/dev/zero", path), os.mkdir)
        for make in makers:
            def change(bundle):
                os.unlink(os.path.join(bundle.rootfs, "etc/passwd"))
                make(os.path.join(bundle.rootfs, "etc/passwd"))
            self.assertEqual(self.attack("/bin/true", change=change).status, 0)


class Propagation(Canary):
    def test_the_hosts_mount_is_shared(self):
        """What is mounted for the container does not come out, whatever the words say."""
        source = os.path.join(self.directory, "source")
        os.mkdir(source)
        self.addCleanup(setattr, self, "was", self.was)  # for the last look, when the mount is gone again
        kernel.mount("tmpfs", source, "tmpfs", 0)
        self.addCleanup(kernel.unmount, source)
        kernel.mount("", source, "", kernel.MS_SHARED)
        os.mkdir(os.path.join(source, "inner"))
        self.was = self.look()
        for word in ("private", "rprivate", "slave", "rslave", "unbindable", "runbindable"):
            def change(bundle):
                bundle.mount("/tmp", type="bind", source=source, options=["rbind", word])
                bundle.mount("/tmp/inner", type="tmpfs", source="tmpfs")
            with self.subTest(word):
                self.assertEqual(self.attack(change=change).status, 0)
        for word in ("private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"):
            with self.subTest(root=word):
                self.assertEqual(self.attack(change=lambda bundle: bundle.linux.update(rootfsPropagation=word)).status, 0)


def _again():
    """The same classes where the runtime has to walk by itself, and where the container's root is another one."""
    ways = ((errno.ENOSYS, False), (errno.EPERM, False), (None, True), (errno.ENOSYS, True))
    for number, is_in_user_namespace in ways:
        members = {"is_in_user_namespace": is_in_user_namespace, "__module__": __name__}
        if number:
            members["before"] = staticmethod(openat2.blocker(number))
        for base in (MountPoints, Dev, Masks, Working) + (() if number else (Propagation,)):
            name = base.__name__ + errno.errorcode.get(number, "") + "User" * is_in_user_namespace
            yield name, type(name, (base,), members)


globals().update(_again())

if __name__ == "__main__":
    runner.main()
