#!/usr/bin/python3
"""Namespaces: those of the configuration are new, the others are the host's."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

FILES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup"}


def of_host(file):
    return os.readlink("/proc/self/ns/" + file)


class Namespaces(ContainerCase):
    @quick
    def test_all_six_are_new(self):
        inside = self.report("namespaces", change=lambda bundle: bundle.own_cgroup_namespace())["namespaces"]
        for kind, file in FILES.items():
            with self.subTest(kind):
                self.assertNotEqual(inside[file], of_host(file))

    def test_spec_asks_for_pid_network_ipc_uts_mount(self):
        kinds = set(self.bundle().namespaces())
        self.assertLessEqual({"pid", "network", "ipc", "uts", "mount"}, kinds)
        self.assertLessEqual(kinds, set(FILES))

    def test_kinds_that_are_not_listed_are_the_hosts(self):
        inside = self.report("namespaces")["namespaces"]
        for file in ("user", "time"):
            self.assertEqual(inside.get(file), of_host(file) if os.path.exists("/proc/self/ns/" + file) else None)

    def test_each_kind_can_be_left_out(self):
        for kind in ("pid", "network", "ipc", "uts"):
            with self.subTest(kind):
                def change(bundle):
                    bundle.own_cgroup_namespace()
                    bundle.drop_namespace(kind)
                    bundle.config.pop("hostname", None)  # without a namespace of its own it would be the host's
                inside = self.report("namespaces", change=change)["namespaces"]
                self.assertEqual(inside[FILES[kind]], of_host(FILES[kind]))
                for other in set(FILES) - {kind}:
                    self.assertNotEqual(inside[FILES[other]], of_host(FILES[other]), other)

    def test_cgroup_can_be_left_out(self):
        inside = self.report("namespaces", change=lambda bundle: bundle.drop_namespace("cgroup"))["namespaces"]
        self.assertEqual(inside["cgroup"], of_host("cgroup"))

    @quick
    def test_cgroup_root_is_the_own_cgroup(self):
        """The namespace must be made after the cgroup is entered, else its root is the caller's cgroup."""
        inside = self.report("cgroups", change=lambda bundle: bundle.own_cgroup_namespace())["cgroups"]
        for key in cgroup.hierarchies():
            with self.subTest(key):
                self.assertEqual(inside[key], "/")

    def test_first_process_and_its_session(self):
        ids = self.report("ids")["ids"]
        self.assertEqual(ids, {"pid": 1, "ppid": 0, "sid": 1, "pgid": 1})

    def test_nobody_else_in_the_pid_namespace(self):
        names = self.lines("list", "/proc")[0]["names"]
        self.assertEqual([name for name in names if name.isdigit()], ["1"])

    def test_network_has_only_loopback_and_it_is_up(self):
        interfaces, flags = self.lines("list", "/sys/class/net", "+", "read", "/sys/class/net/lo/flags")
        self.assertEqual(interfaces["names"], ["lo"])
        self.assertEqual(int(flags["text"], 16) & 1, 1, "IFF_UP")

    def test_hostname(self):
        def change(bundle):
            bundle.config["hostname"] = "orlop-deck"
        self.assertEqual(self.report("host", change=change)["host"]["hostname"], "orlop-deck")
        self.assertNotEqual(os.uname().nodename, "orlop-deck")

    def test_domainname(self):
        def change(bundle):
            bundle.config["domainname"] = "hold.example"
        self.assertEqual(self.report("host", change=change)["host"]["domainname"], "hold.example")

    def test_hostname_of_the_spec(self):
        wanted = self.bundle().config["hostname"]
        self.assertEqual(self.report("host")["host"]["hostname"], wanted)


class HostsMounts(ContainerCase):
    """No mount namespace in the list: the host's is inherited, and nothing of the container may be mounted in it."""

    def change(self, bundle):
        bundle.drop_namespace("mount")
        bundle.config["root"]["readonly"] = False
        del bundle.linux["maskedPaths"], bundle.linux["readonlyPaths"]
        self.rootfs = bundle.rootfs

    @staticmethod
    def hosts_mounts():
        with open("/proc/self/mountinfo") as file:
            return file.read()

    def test_it_is_the_hosts_and_stays_as_it_was(self):
        before = self.hosts_mounts()
        bundle = self.bundle("/bin/probe", "sleep", change=self.change)
        name = self.new_id()
        told = self.runtime.ok("create", "--bundle", bundle.path, name).stderr
        self.assertIn("warning", told)
        self.assertIn("left out: /proc, /dev, /dev/pts", told)
        pid = self.pid_of(name)
        self.assertEqual(os.readlink("/proc/%d/ns/mnt" % pid), of_host("mnt"))
        self.assertNotEqual(os.readlink("/proc/%d/ns/pid" % pid), of_host("pid"))
        self.runtime.ok("start", name)
        self.assertEqual(os.readlink("/proc/%d/root" % pid), bundle.rootfs)
        self.assertEqual(self.hosts_mounts(), before)
        self.end(name)
        self.assertEqual(self.hosts_mounts(), before)

    @quick
    def test_the_program_sees_the_root_and_the_devices(self):
        result = self.run_container("/bin/sh", "-c", "pwd; cat /etc/group; echo x > /dev/null && ls /proc",
                                    change=self.change)
        self.assertEqual((result.status, result.stdout), (0, "/\nroot:x:0:\nsailor:x:1000:\n"), str(result))

    def test_what_the_caller_has_mounted_in_the_root_is_there(self):
        """An engine that keeps the mount namespace itself makes the mounts itself."""
        def change(bundle):
            self.change(bundle)
            kernel.mount("tmpfs", bundle.rootfs + "/tmp", "tmpfs", 0)
            self.addCleanup(kernel.unmount, bundle.rootfs + "/tmp")
            open(bundle.rootfs + "/tmp/mine", "w").close()
        self.assertEqual(self.run_container("/bin/ls", "/tmp", change=change).stdout, "mine\n")

    def test_exec_gets_the_same_root(self):
        name = self.start_sleeper(change=self.change)
        result = self.runtime.ok("exec", name, "/bin/sh", "-c", "pwd; ls /; ls -d %s || true" % self.directory)
        self.assertEqual(result.stdout.split(), ["/", "bin", "dev", "etc", "proc", "root", "sys", "tmp", "var"], str(result))
        self.end(name)

    def test_nothing_is_mounted_or_taken_off_later(self):
        name = self.start_sleeper(change=self.change)
        before = self.hosts_mounts()
        for words in (("add", name, "-"), ("remove", name, "-")):
            result = self.runtime.refuses("mounts", *words, data=b'[{"destination": "/proc", "type": "tmpfs"}]')
            self.assert_one_line(result, "no mount namespace of its own")
        self.assertEqual(self.hosts_mounts(), before)
        self.end(name)

    def test_with_a_new_user_namespace(self):
        def change(bundle):
            self.change(bundle)
            bundle.linux["namespaces"].append({"type": "user"})
            maps = [{"containerID": 0, "hostID": 0, "size": 1000}]
            bundle.linux.update(uidMappings=maps, gidMappings=maps)
        before = self.hosts_mounts()
        result = self.run_container("/bin/sh", "-c", "ls /dev; id -u", change=change)
        self.assertEqual(result.status, 0, str(result))
        self.assertNotIn("null", result.stdout)
        self.assertIn("devices", result.stderr)
        self.assertEqual(self.hosts_mounts(), before)

    @quick
    def test_what_protects_is_not_left_out(self):
        def readonly(bundle):
            bundle.config["root"]["readonly"] = True
        for part, also in (("root.readonly", readonly),
                           ("linux.maskedPaths", lambda bundle: bundle.linux.update(maskedPaths=["/etc"])),
                           ("linux.readonlyPaths", lambda bundle: bundle.linux.update(readonlyPaths=["/etc"]))):
            with self.subTest(part):
                result = self.run_container("/bin/true", change=lambda bundle: (self.change(bundle), also(bundle)))
                self.assertEqual(result.status, 1)
                self.assert_one_line(result, part, "needs a mount namespace")


if __name__ == "__main__":
    runner.main()
