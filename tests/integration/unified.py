#!/usr/bin/python3
"""Resources, update and events where the v2 tree has the controllers: a file of the tree for every value."""

import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, skip  # noqa: E402

MIB = 1 << 20


def resources(**members):
    return lambda bundle: bundle.linux.setdefault("resources", {}).update(members)


class UnifiedCase(ContainerCase):
    def controllers(self):
        tree = cgroup.hierarchies().get("")
        if tree is None:
            skip("no v2 tree here")
        with open(os.path.join(tree, "cgroup.controllers")) as file:
            return file.read().split()

    def need(self, *controllers):
        there = self.controllers()
        for controller in controllers:
            if controller not in there:
                skip("the v2 tree has no controller %s here" % controller)

    def path(self, name, file):
        return os.path.join(cgroup.path_of("", cgroup.own(self.pid_of(name))[""]), file)

    def value(self, name, file):
        """As one line; a file that this kernel does not have is None."""
        if not os.path.exists(self.path(name, file)):
            return None
        with open(self.path(name, file)) as opened:
            return opened.read().strip()

    def check(self, name, **expected):
        for file, value in expected.items():
            file = file.replace("__", ".")
            with self.subTest(file):
                if self.value(name, file) is not None:
                    self.assertEqual(self.value(name, file), str(value))

    def update(self, name, *words, **wanted):
        if wanted:
            return self.runtime.ok("update", "--resources", "-", name, data=json.dumps(wanted).encode())
        return self.runtime.ok("update", *words, name)


class Create(UnifiedCase):
    def test_memory(self):
        self.need("memory")
        limits = {"limit": 64 * MIB, "swap": 96 * MIB, "reservation": 32 * MIB}
        name = self.start_sleeper(change=resources(memory=limits))
        self.check(name, memory__max=64 * MIB, memory__low=32 * MIB, memory__swap__max=32 * MIB)
        self.end(name)
        self.assert_nothing_left()

    def test_no_limit_of_memory(self):
        self.need("memory")
        name = self.start_sleeper(change=resources(memory={"limit": -1, "swap": -1}))
        self.check(name, memory__max="max", memory__swap__max="max")
        self.end(name)

    def test_cpu(self):
        self.need("cpu")
        name = self.start_sleeper(change=resources(cpu={"shares": 1024, "quota": 20000, "period": 50000}))
        self.check(name, cpu__max="20000 50000")
        self.assertIn(self.value(name, "cpu.weight"), ("39", "100"))
        self.end(name)

    def test_a_quota_bites(self):
        self.need("cpu")
        script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo up; exec /bin/sleep 60"
        name = self.start_sleeper(change=resources(cpu={"quota": 10000, "period": 100000}),
                                  args=("/bin/sh", "-c", script))
        self.wait_for_output(name, "up")
        stat = dict(line.split() for line in self.value(name, "cpu.stat").splitlines())
        self.assertGreater(int(stat["nr_throttled"]), 0)
        self.end(name)

    def test_burst(self):
        self.need("cpu")
        name = self.start_sleeper(change=resources(cpu={"quota": 20000, "period": 50000, "burst": 10000}))
        self.check(name, cpu__max="20000 50000", cpu__max__burst=10000)
        self.end(name)

    def test_what_v2_has_not(self):
        self.need("memory", "cpu")
        for member, value in (("swappiness", 10), ("disableOOMKiller", True), ("useHierarchy", False)):
            result = self.run_container("/bin/true", change=resources(memory={member: value}))
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "config.json:", "linux.resources.memory.%s: cannot be " % member)
        for member in ("realtimePeriod", "realtimeRuntime"):
            result = self.run_container("/bin/true", change=resources(cpu={member: 1000}))
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "config.json:", "linux.resources.cpu.%s: cannot be had with cgroup v2" % member)
        self.assert_nothing_left()

    def test_weight_of_block_devices(self):
        """Where the kernel has the scheduler that knows weights."""
        self.need("io")
        other = self.start_sleeper()
        if self.value(other, "io.bfq.weight") is None:
            skip("no io.bfq.weight here")
        self.end(other)
        name = self.start_sleeper(change=resources(blockIO={"weight": 500}))
        self.assertEqual(self.value(name, "io.bfq.weight").splitlines()[0], "default 500")
        self.update(name, "--blkio-weight", "300")
        self.assertEqual(self.value(name, "io.bfq.weight").splitlines()[0], "default 300")
        self.end(name)

    def loop_device(self, path):
        """A block device over a file, and its number."""
        if not shutil.which("losetup"):
            skip("no losetup")
        with open(path, "wb") as file:
            file.truncate(8 * MIB)
        found = program.run(["losetup", "--find", "--show", "--direct-io=off", path])
        if found.status:
            skip("no loop devices here: " + found.stderr.strip())
        device = found.stdout.strip()
        self.addCleanup(program.run, ["losetup", "--detach", device])
        number = os.stat(device).st_rdev
        return os.major(number), os.minor(number)

    def test_rates_of_a_block_device(self):
        """Seen from outside in the file, from inside by the time that reading takes."""
        self.need("io")
        major, minor = self.loop_device(os.path.join(self.directory, "disk"))

        def reading(limits):
            def change(bundle):
                bundle.linux["devices"] = [{"type": "b", "path": "/dev/disk", "major": major, "minor": minor}]
                rule = {"allow": True, "type": "b", "major": major, "minor": minor, "access": "r"}
                bundle.linux["resources"] = {"devices": [rule], **limits}
            script = "busybox dd if=/dev/disk of=/dev/null bs=64k count=32 && echo read; exec sleep 100"
            return self.start_sleeper(change=change, args=("/bin/sh", "-c", script))

        name = reading({"blockIO": {"throttleReadBpsDevice": [{"major": major, "minor": minor, "rate": MIB}],
                                    "throttleWriteIOPSDevice": [{"major": major, "minor": minor, "rate": 50}]}})
        self.assertEqual(self.value(name, "io.max"), "%d:%d rbps=%d wbps=max riops=max wiops=50" % (major, minor, MIB))
        begin = time.monotonic()
        self.wait_for_output(name, "read")
        self.assertGreater(time.monotonic() - begin, 1)  # 2 MiB at 1 MiB a second
        self.update(name, blockIO={"throttleReadBpsDevice": [{"major": major, "minor": minor, "rate": 0}]})
        self.assertEqual(self.value(name, "io.max"), "%d:%d rbps=max wbps=max riops=max wiops=50" % (major, minor))
        self.end(name)

    def test_idle(self):
        self.need("cpu")
        name = self.start_sleeper(change=resources(cpu={"idle": 1}))
        self.check(name, cpu__idle=1)
        self.end(name)

    def test_pids(self):
        self.need("pids")
        for limit, text in ((7, "7"), (0, "0"), (-1, "max")):
            name = self.start_sleeper(change=resources(pids={"limit": limit}))
            self.check(name, pids__max=text)
            self.end(name)

    def test_unified(self):
        self.need("memory", "pids")
        wanted = {"memory.high": str(50 * MIB), "pids.max": "9", "cgroup.max.descendants": "3"}
        name = self.start_sleeper(change=resources(unified=wanted))
        for file, value in wanted.items():
            self.assertEqual(self.value(name, file), value)
        self.end(name)

    def test_a_missing_controller_is_named(self):
        self.need("pids")
        if "cpuset" in self.controllers() or any("cpuset" in key for key in cgroup.hierarchies()):
            skip("there is a cpuset here")
        result = self.run_container("/bin/true", change=resources(cpu={"cpus": "0"}))
        self.assertNotEqual(result.status, 0)
        self.assert_one_line(result, "linux.resources.cpu.cpus", "cpuset", "pids")

    def test_an_oom_kill_is_called_so(self):
        self.need("memory")
        script = "x=0123456789abcdef; while true; do x=$x$x; done"
        name = self.start_sleeper(args=("/bin/sh", "-c", script),
                                  change=resources(memory={"limit": 8 * MIB, "swap": 8 * MIB}))
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()


class Nested(UnifiedCase):
    """cgroupsPath below a directory that another one made: the controllers are handed down on the way."""

    def test_a_deep_path(self):
        self.need("memory", "pids")
        top = "/%s-deep" % settings.TAG

        self.addCleanup(lambda: [os.rmdir(cgroup.path_of("", top + end)) for end in ("/a/b", "/a", "")])

        def change(bundle):
            bundle.linux["cgroupsPath"] = top + "/a/b/c"
            resources(pids={"limit": 12}, memory={"limit": 64 * MIB})(bundle)

        name = self.start_sleeper(change=change)
        self.assertTrue(cgroup.own(self.pid_of(name))[""].endswith(top + "/a/b/c"))
        self.check(name, pids__max=12, memory__max=64 * MIB)
        self.runtime.ok("exec", name, "/bin/true")
        self.end(name)
        self.assertFalse(os.path.exists(cgroup.path_of("", top + "/a/b/c")))

    def test_a_container_in_a_container(self):
        """The own cgroup namespace, writable: the payload makes a group, hands controllers down, and exec still works."""
        self.need("memory", "pids")

        def change(bundle):
            bundle.own_cgroup_namespace()
            bundle.config["mounts"] = [m for m in bundle.config["mounts"] if m["destination"] != "/sys/fs/cgroup"]
            bundle.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=["rw", "nosuid", "nodev", "noexec"])

        script = "cd /sys/fs/cgroup && mkdir inner && echo 1 > inner/cgroup.procs && " \
                 "echo +pids > cgroup.subtree_control && cat cgroup.subtree_control && exec /bin/sleep 60"
        name = self.start_sleeper(args=("/bin/sh", "-c", script), change=change)
        self.wait_for_output(name, "pids")
        # The container's own group has no room for processes now.
        self.runtime.ok("exec", name, "/bin/true")
        self.runtime.ok("kill", "--all", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()


class Update(UnifiedCase):
    def test_flags(self):
        self.need("memory", "cpu", "pids")
        name = self.start_sleeper()
        self.update(name, "--memory", "128m", "--memory-swap", "256M", "--memory-reservation", "67108864",
                    "--cpu-period", "50000", "--cpu-quota=20000", "--pids-limit", "77")
        self.check(name, memory__max=128 * MIB, memory__low=64 * MIB, memory__swap__max=128 * MIB, cpu__max="20000 50000",
                   pids__max=77)
        self.update(name, "--pids-limit", "-1", "--cpu-quota", "-1", "--memory", "-1")
        self.check(name, pids__max="max", cpu__max="max 50000", memory__max="max")
        self.end(name)
        self.assert_nothing_left()

    def test_what_is_not_named_stays(self):
        self.need("cpu")
        name = self.start_sleeper(change=resources(cpu={"quota": 20000, "period": 100000}))
        self.update(name, "--cpu-period", "50000")
        self.check(name, cpu__max="20000 50000")
        self.update(name, "--cpu-quota", "10000")
        self.check(name, cpu__max="10000 50000")
        self.end(name)

    def test_below_the_usage_is_refused_and_nothing_changes(self):
        self.need("memory", "pids")
        name = self.start_sleeper(args=("/bin/sh", "-c", "head -c 20000000 /dev/zero > /dev/shm/x; echo up; sleep 60"),
                                  change=resources(pids={"limit": 50}, memory={"limit": 64 * MIB,
                                                                               "checkBeforeUpdate": True}))
        self.wait_for_output(name, "up")
        self.runtime.refuses("update", "--memory", "1m", "--pids-limit", "60", name)
        self.check(name, pids__max=50, memory__max=64 * MIB)
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)

    def test_a_value_that_the_kernel_refuses_changes_nothing(self):
        self.need("memory", "pids")
        name = self.start_sleeper(change=resources(pids={"limit": 50}))
        result = self.runtime.call("update", "--resources", "-", name, data=json.dumps(
            {"pids": {"limit": 60}, "unified": {"memory.high": "much"}}).encode())
        self.assertNotEqual(result.status, 0)
        self.assert_one_line(result, "linux.resources.unified: write(", 'memory.high", "much")')
        self.check(name, pids__max=50)
        self.end(name)

    def test_a_paused_one(self):
        self.need("pids")
        name = self.start_sleeper()
        self.runtime.ok("pause", name)
        self.update(name, pids={"limit": 21})
        self.check(name, pids__max=21)
        self.runtime.ok("resume", name)
        self.end(name)


class Events(UnifiedCase):
    def data(self, name):
        return json.loads(self.runtime.ok("events", "--stats", name).stdout)["data"]

    def test_numbers_are_those_of_the_files(self):
        self.need("memory", "cpu", "pids")
        name = self.start_sleeper(change=resources(memory={"limit": 64 * MIB}, pids={"limit": 33},
                                                   cpu={"quota": 50000, "period": 100000}))
        data = self.data(name)
        self.assertEqual((data["pids"]["current"], data["pids"]["limit"]), (1, 33))
        self.assertEqual(data["memory"]["usage"]["limit"], 64 * MIB)
        self.assertGreater(data["memory"]["usage"]["usage"], 0)
        self.assertIn("anon", data["memory"]["raw"])
        self.assertGreater(data["cpu"]["usage"]["total"], 0)
        self.end(name)

    def test_an_oom_kill_of_a_child_is_seen(self):
        self.need("memory")
        name = self.start_sleeper(args=("/bin/sh", "-c", "/bin/sh -c 'x=0123456789abcdef; while true; do x=$x$x; done'; "
                                                         "echo over; sleep 60"),
                                  change=resources(memory={"limit": 8 * MIB, "swap": 8 * MIB}))
        self.wait_for_output(name, "over")
        program.until(lambda: self.data(name)["memory"]["events"]["oom_kill"] == 1, "a kill is counted")
        self.end(name)


def has_controllers():
    tree = cgroup.hierarchies().get("")
    if tree is None:
        return False
    with open(os.path.join(tree, "cgroup.controllers")) as file:
        return bool({"cpu", "memory", "pids"} & set(file.read().split()))


if __name__ == "__main__":
    if has_controllers():
        runner.main()
    else:
        print("skip unified: the v2 tree has no cpu, memory or pids here\n0 passed, 0 failed, 1 skipped")
