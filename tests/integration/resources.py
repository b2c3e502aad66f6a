#!/usr/bin/python3
"""linux.resources: what is written, and that it bites: seen from outside in the files, from inside by what fails."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

MIB = 1 << 20


def resources(**members):
    return lambda bundle: bundle.linux.setdefault("resources", {}).update(members)


class Resources(ContainerCase):
    def need(self, controller):
        """The v1 hierarchy of a controller, or the v2 tree that has it."""
        for key, target in cgroup.hierarchies().items():
            if controller in key.split(","):
                return key
        tree = cgroup.hierarchies().get("")
        if tree:
            with open(os.path.join(tree, "cgroup.controllers")) as file:
                if controller in file.read().split():
                    return ""
        skip("no controller %s here" % controller)

    def need_v1(self, controller):
        key = self.need(controller)
        if not key:
            skip("%s is of v2 here" % controller)
        return key

    def value(self, name, key, file):
        with open(os.path.join(cgroup.path_of(key, cgroup.own(self.pid_of(name))[key]), file)) as opened:
            return opened.read().strip()

    def check_v1(self, controller, members, expected, lines=None):
        """Files with a value, and files with a line among others."""
        key = self.need_v1(controller)
        name = self.start_sleeper(change=resources(**members))
        for file, value in expected.items():
            with self.subTest(file):
                self.assertEqual(self.value(name, key, file), value)
        for file, line in (lines or {}).items():
            with self.subTest(file):
                self.assertIn(line, self.value(name, key, file).splitlines())
        self.end(name)
        self.assert_nothing_left()

    @quick
    def test_memory_files(self):
        self.check_v1("memory", {"memory": {"limit": 128 * MIB, "swap": 256 * MIB, "reservation": 64 * MIB,
                                            "swappiness": 10, "disableOOMKiller": True}},
                      {"memory.limit_in_bytes": str(128 * MIB), "memory.memsw.limit_in_bytes": str(256 * MIB),
                       "memory.soft_limit_in_bytes": str(64 * MIB), "memory.swappiness": "10"},
                      {"memory.oom_control": "oom_kill_disable 1"})

    def test_hierarchy_of_memory_files(self):
        """Since Linux 5.11 it is always there, and the kernel takes no other value."""
        self.check_v1("memory", {"memory": {"useHierarchy": True, "disableOOMKiller": False}}, {"memory.use_hierarchy": "1"},
                      {"memory.oom_control": "oom_kill_disable 0"})

    @quick
    def test_tight_memory_files(self):
        self.check_v1("memory", {"memory": {"limit": 8 * MIB, "swap": 8 * MIB}},
                      {"memory.limit_in_bytes": str(8 * MIB), "memory.memsw.limit_in_bytes": str(8 * MIB)})

    def test_cpu_files(self):
        self.check_v1("cpu", {"cpu": {"shares": 512, "period": 50000, "quota": 20000, "burst": 10000}},
                      {"cpu.shares": "512", "cpu.cfs_period_us": "50000", "cpu.cfs_quota_us": "20000",
                       "cpu.cfs_burst_us": "10000"})

    def test_idle(self):
        self.check_v1("cpu", {"cpu": {"idle": 1}}, {"cpu.idle": "1"})

    def test_realtime_files(self):
        """The group gets processor time for real-time tasks: what it has is taken from the parent's."""
        key = self.need_v1("cpu")
        if not os.path.exists(cgroup.path_of(key, cgroup.own()[key]) + "/cpu.rt_runtime_us"):
            skip("this kernel has no CONFIG_RT_GROUP_SCHED")
        self.check_v1("cpu", {"cpu": {"realtimePeriod": 500000, "realtimeRuntime": 1000}},
                      {"cpu.rt_period_us": "500000", "cpu.rt_runtime_us": "1000"})

    def test_kernel_memory_files(self):
        """Since Linux 5.16 the limit of kernel memory is refused by the kernel; that of TCP buffers is still taken."""
        self.check_v1("memory", {"memory": {"kernelTCP": 64 * MIB}}, {"memory.kmem.tcp.limit_in_bytes": str(64 * MIB)})

    def test_throttle_files(self):
        disks = [name for name in os.listdir("/sys/block") if not name.startswith(("loop", "ram", "zram"))]
        if not disks:
            skip("no disk here")
        with open("/sys/block/%s/dev" % disks[0]) as file:
            device = file.read().strip()
        major, minor = (int(number) for number in device.split(":"))
        kinds = {"ReadBps": "read_bps", "WriteBps": "write_bps", "ReadIOPS": "read_iops", "WriteIOPS": "write_iops"}
        limits = {"throttle%sDevice" % kind: [{"major": major, "minor": minor, "rate": 1000 + number}]
                  for number, kind in enumerate(kinds)}
        self.check_v1("blkio", {"blockIO": limits},
                      {"blkio.throttle.%s_device" % file: "%s %d" % (device, 1000 + number)
                       for number, file in enumerate(kinds.values())})

    def test_cpuset_files(self):
        self.check_v1("cpuset", {"cpu": {"cpus": "0", "mems": "0"}}, {"cpuset.cpus": "0", "cpuset.mems": "0"})

    def test_pids_files(self):
        self.check_v1("pids", {"pids": {"limit": 7}}, {"pids.max": "7"})
        self.check_v1("pids", {"pids": {"limit": 0}}, {"pids.max": "0"})
        self.check_v1("pids", {"pids": {"limit": -1}}, {"pids.max": "max"})

    def test_processor_seen_from_inside(self):
        self.need("cpuset")
        result = self.run_container("/bin/cat", "/proc/self/status", change=resources(cpu={"cpus": "0"}))
        self.assertIn("Cpus_allowed_list:\t0\n", result.stdout)

    @quick
    def test_an_allocation_is_killed(self):
        self.need("memory")
        script = "x=0123456789abcdef; while true; do x=$x$x; done"
        result = self.run_container("/bin/sh", "-c", script, change=resources(memory={"limit": 8 * MIB, "swap": 8 * MIB}))
        self.assertEqual(result.status, 137, str(result))

    @quick
    def test_a_fork_fails(self):
        self.need("pids")
        result = self.run_container("/bin/sh", "-c", "/bin/true; echo forked", change=resources(pids={"limit": 1}))
        self.assertNotEqual(result.status, 0)
        self.assertIn("fork", result.stderr)
        self.assertNotIn("forked", result.stdout)

    def test_a_quota_bites(self):
        key = self.need_v1("cpu")
        name = self.start_sleeper(change=resources(cpu={"quota": 5000, "period": 100000}),
                                  args=("/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo up; "
                                                         "exec /bin/sleep 60"))
        self.wait_for_output(name, "up")
        throttled = dict(line.split() for line in self.value(name, key, "cpu.stat").splitlines())["nr_throttled"]
        self.assertGreater(int(throttled), 0)

    def test_busybox_starts_in_little_memory(self):
        self.need("memory")
        result = self.run_container("/bin/true", change=resources(memory={"limit": MIB}))
        self.assertEqual(result.status, 0, str(result))

    def test_too_little_memory_is_called_so(self):
        self.need("memory")
        result = self.run_container("/bin/true", change=resources(memory={"limit": 4096}))
        self.assertNotEqual(result.status, 0)
        self.assertIn("memory", result.stderr)
        self.assert_nothing_left()

    @quick
    def test_a_missing_controller_is_named_with_those_that_are_there(self):
        if any("net_cls" in key for key in cgroup.hierarchies()):
            skip("this host has net_cls")
        result = self.run_container("/bin/true", change=resources(network={"classID": 1}))
        line = self.assert_one_line(result, "linux.resources.network.classID", "net_cls", "there is ")
        for key in cgroup.hierarchies():
            for controller in filter(None, key.split(",")):
                if not controller.startswith("name="):
                    self.assertIn(controller, line)
        self.assert_nothing_left()

    def test_what_the_kernel_refuses_names_file_and_value(self):
        self.need("cpuset")
        result = self.run_container("/bin/true", change=resources(cpu={"cpus": "4000"}))
        self.assertNotEqual(result.status, 0)
        self.assert_one_line(result, ": cgroup: linux.resources.cpu.cpus: write(", 'cpuset.cpus", "4000")')
        self.assert_nothing_left()

    def test_huge_pages(self):
        key = self.need("hugetlb")
        name = self.start_sleeper(change=resources(hugepageLimits=[{"pageSize": "2MB", "limit": 4 * MIB}]))
        end = "limit_in_bytes" if key else "max"
        self.assertEqual(self.value(name, key, "hugetlb.2MB." + end), str(4 * MIB))
        self.assertEqual(self.value(name, key, "hugetlb.2MB.rsvd." + end), str(4 * MIB))
        self.end(name)

    def test_unified(self):
        if self.need("hugetlb"):
            skip("hugetlb is of v1 here")
        name = self.start_sleeper(change=resources(unified={"hugetlb.2MB.max": str(2 * MIB), "cgroup.max.depth": "5"}))
        self.assertEqual(self.value(name, "", "hugetlb.2MB.max"), str(2 * MIB))
        self.assertEqual(self.value(name, "", "cgroup.max.depth"), "5")
        self.end(name)

    def test_what_is_no_setting_is_none_of_unified(self):
        """Written to cgroup.procs, a process of the host would be one of the container's, and be killed with it."""
        stranger = subprocess.Popen(["/bin/sleep", "60"])
        try:
            before = cgroup.own(stranger.pid)
            for key, value in (("cgroup.procs", str(stranger.pid)), ("cgroup.threads", str(stranger.pid)), ("cgroup.freeze", "1"),
                               ("cgroup.kill", "1")):
                result = self.run_container("/bin/true", change=resources(unified={key: value}))
                self.assertEqual(result.status, 1)
                self.assert_one_line(result, "config.json:", 'linux.resources.unified: "%s" is no setting' % key)
                self.assertEqual(cgroup.own(stranger.pid), before)
        finally:
            stranger.kill()
            stranger.wait()
        self.assert_nothing_left()

    def test_a_key_of_unified_does_not_leave_the_cgroup(self):
        for key in ("../../x", "memory.max/../../cgroup.kill", "/etc/x.y", ".", ""):
            result = self.run_container("/bin/true", change=resources(unified={key: "1"}))
            self.assertNotEqual(result.status, 0, key)
            self.assertIn("linux.resources.unified", result.stderr)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
