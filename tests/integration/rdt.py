#!/usr/bin/python3
"""linux.intelRdt. Few machines have resctrl: a directory pretends to be it, by a line in the mountinfo that orlop reads.
A new group has no files there, so only groups that exist already can be entered; kernel/rdt.cpp tests the others."""

import ctypes
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

NEWNS, BIND, SLAVE, REC = 0x20000, 4096, 0x80000, 0x4000
WITHOUT_CGROUPS = ("--cgroup-manager", "disabled")
LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def pids_in(path):
    with open(path) as file:
        return sorted(int(word) for word in file.read().split())


class Rdt(ContainerCase):
    def setUp(self):
        super().setUp()
        self.tree = os.path.join(self.directory, "resctrl")
        self.put("schemata", "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n")
        for name in ("tasks", "gold/tasks"):
            self.put(name, "")
        self.put("gold/schemata", "    MB:0= 20;1= 70\n    L3:0=0f0;1=00f\n")
        for name in ("mon_groups", "gold/mon_groups"):
            os.mkdir(os.path.join(self.tree, name))

    def put(self, name, text):
        path = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def get(self, name):
        with open(os.path.join(self.tree, name)) as file:
            return file.read()

    def pretend(self):
        """In the process that becomes orlop, whose pid stays the same."""
        own = "/proc/%d/mountinfo" % os.getpid()
        with open(own) as file:
            text = file.read()
        path = os.path.join(self.directory, "mountinfo")
        with open(path, "w") as file:
            file.write(text + "9999 1 0:999 / %s rw,relatime - resctrl resctrl rw\n" % self.tree)
        checked(LIBC.unshare(NEWNS), "unshare")
        checked(LIBC.mount(b"none", b"/", None, SLAVE | REC, None), "mount")
        checked(LIBC.mount(path.encode(), own.encode(), None, BIND, None), "mount")

    def call(self, rdt, command="run", **how):
        bundle = self.bundle("/bin/true", change=lambda b: b.linux.update(intelRdt=rdt))
        self.name = self.new_id()
        return self.runtime.call(command, "--bundle", bundle.path, self.name, before=self.pretend, **how)

    @quick
    def test_not_mounted(self):
        with open("/proc/self/mountinfo") as file:
            if " - resctrl " in file.read():
                skip("resctrl is here")
        bundle = self.bundle("/bin/true", change=lambda b: b.linux.update(intelRdt={}))
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, "config.json:", "linux.intelRdt: needs the resctrl file system, and none is mounted")
        self.assert_nothing_left()

    @quick
    def test_a_group_that_is_there(self):
        result = self.call({"closID": "gold"}, "create")
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(self.get("gold/tasks"), str(self.pid_of(self.name)))
        self.assertIn("0f0", self.get("gold/schemata"), "it has not been written")
        self.runtime.ok("exec", self.name, "/bin/true")
        self.assertTrue(self.get("gold/tasks").startswith("0"), "exec enters it, too")
        self.runtime.ok("delete", "--force", self.name)
        self.assertTrue(os.path.isdir(os.path.join(self.tree, "gold")))

    def test_schemata_that_are_the_same(self):
        result = self.call({"closID": "gold", "l3CacheSchema": "L3:0=f0;1=f", "memBwSchema": "MB:0=20", "schemata": ["L2:0=1"]})
        self.assertEqual(result.status, 0, str(result))
        self.assertTrue(self.get("gold/schemata").startswith("L3:0=f0;1=f\nMB:0=20\nL2:0=1\n"))

    def test_update(self):
        self.assertEqual(self.call({"closID": "gold"}, "create").status, 0)
        self.runtime.ok("update", "--mem-bw-schema", "MB:0=5", "--l3-cache-schema", "L3:0=1", self.name)
        self.assertTrue(self.get("gold/schemata").startswith("L3:0=1\nMB:0=5\n"))

    def test_an_update_that_fails_otherwise(self):
        self.assertEqual(self.call({"closID": "gold"}, "create").status, 0)
        before = self.get("gold/schemata")
        result = self.runtime.refuses("update", "--mem-bw-schema", "MB:0=5", "--resources", "-", self.name,
                                      data=b'{"cpu": {"cpus": "4000"}}')
        self.assertNotIn("intelRdt", result.stderr)
        # A file that pretends keeps what is behind a shorter text.
        self.assertEqual(self.get("gold/schemata").splitlines()[0].strip(), before.splitlines()[0].strip())

    def test_schemata_that_differ(self):
        result = self.call({"closID": "gold", "l3CacheSchema": "L3:0=f1"})
        self.assert_one_line(result, "linux.intelRdt: ", "gold is there already, and its schemata are not L3:0=f1")
        self.assertEqual(self.get("gold/tasks"), "")
        self.assert_nothing_left()

    def test_a_group_that_is_absent(self):
        result = self.call({"closID": "silver"})
        self.assert_one_line(result, "silver does not exist, and no schemata are given")
        self.assert_nothing_left()

    def pretend_monitors(self, group):
        """In a hierarchy of cgroup version 1 a new directory has a file `tasks`, as in resctrl, and one with processes
        cannot be removed. The container is made without cgroups, which would take it out again."""
        hierarchy = cgroup.hierarchies().get("name=systemd") or skip("no v1 hierarchy without controllers here")
        monitors = os.path.join(hierarchy, self.new_id())
        os.mkdir(monitors)
        self.addCleanup(os.rmdir, monitors)
        os.rmdir(os.path.join(self.tree, group, "mon_groups"))
        os.symlink(monitors, os.path.join(self.tree, group, "mon_groups"))
        return monitors

    @quick
    def test_monitoring(self):
        """A group of the container's own below that of its class; it goes with the container, and the class stays."""
        for clos_id, group in (("/", "."), ("gold", "gold")):
            with self.subTest(clos_id):
                monitors = self.pretend_monitors(group)
                result = self.call({"closID": clos_id, "enableMonitoring": True}, "create", options=WITHOUT_CGROUPS)
                self.assertEqual(result.status, 0, str(result))
                pid = self.pid_of(self.name)
                self.assertEqual(self.get(group + "/tasks"), str(pid))
                tasks = os.path.join(monitors, self.name, "tasks")
                self.assertEqual(pids_in(tasks), [pid])
                pid_file = os.path.join(self.directory, "pid")
                self.runtime.ok("exec", "--detach", "--pid-file", pid_file, self.name, "/bin/sleep", "100")
                self.assertEqual(pids_in(tasks), sorted([pid] + pids_in(pid_file)))
                self.runtime.ok("delete", "--force", self.name)
                self.assertFalse(os.path.exists(os.path.join(monitors, self.name)))
                self.assertTrue(os.path.exists(os.path.join(self.tree, group, "schemata")))

    def test_monitoring_of_a_container_that_fails(self):
        monitors = self.pretend_monitors(".")
        bundle = self.bundle("/no/such", change=lambda b: b.linux.update(intelRdt={"closID": "/", "enableMonitoring": True}))
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id(), before=self.pretend,
                                      options=WITHOUT_CGROUPS)
        self.assert_one_line(result, "/no/such")
        self.assertNotEqual(self.get("tasks"), "", "its init was in the class already")
        self.assertEqual([entry.name for entry in os.scandir(monitors) if entry.is_dir()], [])

    def test_a_monitor_that_is_there_stays(self):
        monitors = self.pretend_monitors(".")
        bundle = self.bundle("/bin/true", change=lambda b: b.linux.update(intelRdt={"closID": "/", "enableMonitoring": True}))
        name = self.new_id()
        os.mkdir(os.path.join(monitors, name))
        self.addCleanup(os.rmdir, os.path.join(monitors, name))
        self.runtime.ok("run", "--bundle", bundle.path, name, before=self.pretend, options=WITHOUT_CGROUPS)
        self.assertTrue(os.path.isdir(os.path.join(monitors, name)))

    def test_the_default_group(self):
        result = self.call({"closID": "/"})
        self.assertEqual(result.status, 0, str(result))
        self.assertNotEqual(self.get("tasks"), "")

    def test_rolled_back(self):
        """The directory pretends badly: a new group has no file to write to."""
        for rdt in ({}, {"closID": "silver", "schemata": ["L3:0=f"]}, {"closID": "gold", "enableMonitoring": True}):
            result = self.call(rdt)
            self.assertEqual(result.status, 1, str(result))
            self.assert_one_line(result, "linux.intelRdt: open(")
            self.assertEqual(sorted(os.listdir(self.tree)), ["gold", "mon_groups", "schemata", "tasks"])
            self.assertEqual(os.listdir(os.path.join(self.tree, "gold", "mon_groups")), [])
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
