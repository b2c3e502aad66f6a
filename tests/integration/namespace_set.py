#!/usr/bin/python3
"""Sets of namespaces: any three kinds, each the host's, new or joined, and exec into what comes out."""

import itertools
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, runner  # noqa: E402
from harness.case import HAS_TIME_NAMESPACES, ContainerCase, quick  # noqa: E402

FILES = {"user": "user", "pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "cgroup": "cgroup"}
if HAS_TIME_NAMESPACES:
    FILES["time"] = "time"
WAYS = ("host", "new", "joined")


def rows():
    """Sets, each the way of every kind, and few of them: whichever three kinds are looked at, all 27 ways are there."""
    sets = [dict(zip(FILES, ways)) for ways in itertools.product(WAYS, repeat=len(FILES))]
    numbers = {}
    # A bit for each three, that is quick to count.
    threes = [sum(1 << numbers.setdefault(three, len(numbers)) for three in itertools.combinations(row.items(), 3))
              for row in sets]
    missing = (1 << len(numbers)) - 1
    while missing:
        best = max(range(len(sets)), key=lambda i: bin(threes[i] & missing).count("1"))
        missing &= ~threes[best]
        yield sets[best]


def host_link(kind):
    return os.readlink("/proc/self/ns/" + FILES[kind])


class Sets(ContainerCase):
    seconds = 240

    def donor(self, *left_out):
        """A container with everything of its own but that. Its pid."""
        def change(bundle):
            bundle.linux["namespaces"] = [{"type": "mount"}] + [
                {"type": kind} for kind in FILES if kind != "user" and kind not in left_out]
            if "user" not in left_out:
                bundle.user_namespace()
        return self.pid_of(self.start_sleeper(change))

    def change(self, row, donor):
        def changed(bundle):
            bundle.linux["namespaces"] = [{"type": "mount"}]
            for kind, way in row.items():
                if way == "joined":
                    bundle.linux["namespaces"].append({"type": kind, "path": "/proc/%d/ns/%s" % (donor, FILES[kind])})
                elif way == "new" and kind != "user":
                    bundle.linux["namespaces"].append({"type": kind})
            if row["uts"] != "new":
                bundle.config.pop("hostname", None)
            if row["user"] != "host":
                bundle.user_namespace()
            if row["user"] == "joined":
                bundle.linux["namespaces"].pop()
                del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
            self.leave_out_mounts(row, bundle)
        return changed

    @staticmethod
    def leave_out_mounts(row, bundle):
        """What a user namespace may not mount: of a namespace that is not its own, and which the host need not have."""
        left_out = set()
        if row["user"] == "new" and row["pid"] == "joined":
            left_out.add("/proc")
            bundle.linux.update(maskedPaths=[], readonlyPaths=[])
        if row["user"] != "host" and row["ipc"] != "new":
            left_out.add("/dev/mqueue")
        bundle.config["mounts"] = [one for one in bundle.config["mounts"] if one["destination"] not in left_out]

    def check(self, row, donor, pid):
        for kind, way in row.items():
            there = os.readlink("/proc/%d/ns/%s" % (pid, FILES[kind]))
            theirs = os.readlink("/proc/%d/ns/%s" % (donor, FILES[kind]))
            if way == "new":
                self.assertNotIn(there, (host_link(kind), theirs), kind)
            else:
                self.assertEqual(there, host_link(kind) if way == "host" else theirs, kind)

    def test_any_three_kinds(self):
        donors = {True: self.donor(), False: self.donor("user")}
        for row in rows():
            with self.subTest(**row):
                donor = donors[row["user"] == "joined"]
                name = self.start_sleeper(self.change(row, donor))
                self.check(row, donor, self.pid_of(name))
                own = cgroup.own(self.pid_of(name))
                self.assertEqual({own[key] for key in cgroup.hierarchies()}, {"/" + name})
                self.check(row, donor, self.executed(name))
                self.end(name) if row["pid"] == "new" else self.runtime.ok("delete", "--force", name)

    def executed(self, name):
        path = os.path.join(self.directory, "pid")
        self.runtime.ok("exec", "--detach", "--pid-file", path, name, "/bin/probe", "sleep")
        with open(path) as file:
            return int(file.read())

    @quick
    def test_what_the_kernel_does_not_allow_is_refused_with_the_reason(self):
        donor = self.donor("user")
        for kind, kind_of_mount in (("pid", "proc"), ("ipc", "mqueue")):
            def change(bundle):
                bundle.user_namespace()
                bundle.drop_namespace(kind)
                bundle.linux["namespaces"].append({"type": kind, "path": "/proc/%d/ns/%s" % (donor, FILES[kind])})
            with self.subTest(kind):
                result = self.run_container("/bin/true", change=change)
                self.assertEqual(result.status, 1)
                self.assert_one_line(result, "config.json:", "mounts[", "type: %s cannot be mounted" % kind_of_mount,
                                     "to which it has no right")

        def foreign_mounts(bundle):
            bundle.user_namespace()
            bundle.drop_namespace("mount")
            bundle.linux["namespaces"].append({"type": "mount", "path": "/proc/%d/ns/mnt" % donor})
        result = self.run_container("/bin/true", change=foreign_mounts)
        self.assert_one_line(result, "linux.namespaces[", "which has no right to it")

    def test_a_joined_user_namespace_that_does_not_own_the_others(self):
        """Only the kernel knows whose a namespace is: the line has what it says, and the hint why."""
        user, other = self.donor(), self.donor("user")
        for kind in ("pid", "ipc"):
            row = dict.fromkeys(FILES, "new") | {"user": "joined"}

            def change(bundle):
                self.change(row, user)(bundle)
                bundle.drop_namespace(kind)
                bundle.linux["namespaces"].append({"type": kind, "path": "/proc/%d/ns/%s" % (other, FILES[kind])})
            with self.subTest(kind):
                result = self.run_container("/bin/true", change=change)
                self.assertEqual(result.status, 1)
                self.assert_one_line(result, "mounts[", "operation not permitted")
                self.assertIn("hint: the %s namespace that is joined belongs to another user" % kind, result.stderr)


if __name__ == "__main__":
    runner.main()
