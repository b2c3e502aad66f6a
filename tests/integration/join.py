#!/usr/bin/python3
"""Namespaces joined by path: which one it is, whose child init is, and what is refused."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import HAS_TIME_NAMESPACES, ContainerCase, quick  # noqa: E402

FILES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup", "time": "time"}


def joined(kind, path):
    """A change of a bundle: this kind is the one of that path."""
    def change(bundle):
        bundle.drop_namespace(kind)
        bundle.linux["namespaces"].append({"type": kind, "path": path})
        if kind == "uts":
            bundle.config.pop("hostname", None)
    return change


KINDS = ("pid", "network", "ipc", "uts", "cgroup") + (("time",) if HAS_TIME_NAMESPACES else ())


class Join(ContainerCase):
    def donor(self):
        """A running container with all kinds of its own; the directory of its namespaces."""
        def change(bundle):
            bundle.own_cgroup_namespace()
            if HAS_TIME_NAMESPACES:
                bundle.linux["namespaces"].append({"type": "time"})
        name = self.start_sleeper(change)
        return "/proc/%d/ns" % self.pid_of(name)

    @quick
    def test_each_kind_is_the_donors(self):
        donor = self.donor()
        for kind in KINDS:
            with self.subTest(kind):
                path = os.path.join(donor, FILES[kind])
                inside = self.report("namespaces", change=joined(kind, path))["namespaces"]
                self.assertEqual(inside[FILES[kind]], os.readlink(path))
                for other in set(FILES) - {kind, "time", "cgroup"}:
                    self.assertNotEqual(inside[FILES[other]], os.readlink(os.path.join(donor, FILES[other])), other)

    def test_all_at_once(self):
        donor = self.donor()
        kinds = KINDS

        def change(bundle):
            for kind in kinds:
                joined(kind, os.path.join(donor, FILES[kind]))(bundle)
        inside = self.report("namespaces", change=change)["namespaces"]
        for kind in kinds:
            self.assertEqual(inside[FILES[kind]], os.readlink(os.path.join(donor, FILES[kind])), kind)

    def test_a_mount_namespace_of_ones_own(self):
        """The root is a directory of that namespace, and nothing of it comes to the host."""
        holder = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sleep", "60"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        path = "/proc/%d/ns/mnt" % holder.pid
        while os.readlink(path) == os.readlink("/proc/self/ns/mnt"):
            pass
        expected = os.readlink(path)
        inside = self.report("namespaces", change=joined("mount", path))["namespaces"]
        self.assertEqual(inside["mnt"], expected)

    @quick
    def test_init_in_a_joined_pid_namespace_is_a_child_of_the_callers_subreaper(self):
        donor = self.donor()
        name, _ = self.create("/bin/probe", "sleep", change=joined("pid", donor + "/pid"))
        pid = self.pid_of(name)
        with open("/proc/%d/status" % pid) as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual(int(status["PPid"]), os.getppid(), "the nearest subreaper: see harness/reaper.py")
        self.assertEqual(len(status["NSpid"].split()), 2)
        self.runtime.ok("start", name)
        self.end(name)

    def test_in_a_joined_pid_namespace_the_others_are_seen(self):
        donor = self.donor()
        names = self.lines("list", "/proc", change=joined("pid", donor + "/pid"))[0]["names"]
        numbers = sorted(int(name) for name in names if name.isdigit())
        self.assertEqual(numbers[0], 1)
        self.assertEqual(len(numbers), 2)

    def test_loopback_of_another_is_left_alone(self):
        holder = subprocess.Popen(["unshare", "-n", "sleep", "60"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        path = "/proc/%d/ns/net" % holder.pid
        while os.readlink(path) == os.readlink("/proc/self/ns/net"):
            pass
        flags = self.lines("read", "/sys/class/net/lo/flags", change=joined("network", path))[0]["text"]
        self.assertEqual(int(flags, 16) & 1, 0, "IFF_UP")

    def test_hostname_of_a_joined_uts_namespace_is_set(self):
        donor = self.donor()

        def change(bundle):
            joined("uts", donor + "/uts")(bundle)
            bundle.config["hostname"] = "shared-name"
        self.assertEqual(self.report("host", change=change)["host"]["hostname"], "shared-name")
        self.assertNotEqual(os.uname().nodename, "shared-name")

    @quick
    def test_what_is_refused(self):
        fifo = os.path.join(self.directory, "fifo")
        os.mkfifo(fifo)
        rows = (
            ("network", "/etc/passwd", "linux.namespaces", "/etc/passwd is no namespace"),
            ("network", fifo, "is no namespace"),
            ("network", "/proc/self/ns/uts", "is a namespace of another kind (uts)"),
            ("ipc", "/nowhere/ipc", "no such file or directory"),
            ("ipc", "proc/1/ns/ipc", "is not an absolute path"),
            ("mount", "/proc/self/ns/mnt", "is the host's own"),
        )
        for kind, path, *words in rows:
            with self.subTest(kind=kind, path=path):
                result = self.run_container("/bin/true", change=joined(kind, path))
                self.assertNotEqual(result.status, 0)
                self.assert_one_line(result, *words)
                self.assert_nothing_left()

    def test_names_of_the_host_are_not_given(self):
        for member in ("hostname", "domainname"):
            def change(bundle):
                joined("uts", "/proc/self/ns/uts")(bundle)
                bundle.config[member] = "stowaway"
            self.assert_one_line(self.run_container("/bin/true", change=change), member, "would be the host's")
        self.assertNotEqual(os.uname().nodename, "stowaway")


class Clones(ContainerCase):
    """How many processes it takes: init alone, and one before it to join a user namespace."""

    def clones_of(self, *words):
        """The clones of orlop and all that comes from it, as strace shows them."""
        strace = "/usr/bin/strace"
        if not os.path.exists(strace):
            self.skipTest("needs strace")
        trace = os.path.join(self.directory, "trace")
        options = ["-f", "-qq", "-o", trace, "-e", "trace=clone,clone3,fork,vfork"]
        subprocess.run([strace, *options, *self.runtime.argv(*words)], check=True, timeout=30)
        with open(trace) as file:
            return len([line for line in file if "= -1" not in line and "resumed" not in line])

    def of_run(self, change=None):
        return self.clones_of("run", "--bundle", self.bundle("/bin/true", change=change).path, self.new_id())

    def test_one_for_run(self):
        path = "/proc/%d/ns/" % self.pid_of(self.start_sleeper())
        for kind in (None, "pid", "network", "ipc", "uts"):
            with self.subTest(kind):
                self.assertEqual(self.of_run(joined(kind, path + FILES[kind]) if kind else None), 1)

    def test_one_for_a_new_user_namespace_and_for_time_offsets(self):
        self.assertEqual(self.of_run(lambda bundle: bundle.user_namespace()), 1)

        def offsets(bundle):
            bundle.linux["namespaces"].append({"type": "time"})
            bundle.linux["timeOffsets"] = {"boottime": {"secs": 10}}
        if HAS_TIME_NAMESPACES:
            self.assertEqual(self.of_run(offsets), 1)

    def test_two_to_join_a_user_namespace(self):
        donor = self.pid_of(self.start_sleeper(lambda bundle: bundle.user_namespace()))

        def change(bundle):
            bundle.user_namespace()
            del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
            bundle.linux["namespaces"][-1]["path"] = "/proc/%d/ns/user" % donor
        self.assertEqual(self.of_run(change), 2)

    def test_one_for_exec(self):
        for change in (None, lambda bundle: bundle.user_namespace()):
            name = self.start_sleeper(change)
            self.assertEqual(self.clones_of("exec", name, "/bin/true"), 1)


if __name__ == "__main__":
    runner.main()
