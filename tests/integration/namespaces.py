#!/usr/bin/python3
"""Namespaces: those of the configuration are new, the others are the host's."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, runner  # noqa: E402
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


if __name__ == "__main__":
    runner.main()
