#!/usr/bin/python3
"""update: new limits for a running container, all of them or none."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

MIB = 1 << 20


def resources(**members):
    return lambda bundle: bundle.linux.setdefault("resources", {}).update(members)


class Update(ContainerCase):
    def need_v1(self, *controllers):
        for controller in controllers:
            if not any(controller in key.split(",") for key in cgroup.hierarchies()):
                skip("no v1 hierarchy of %s here" % controller)

    def value(self, name, file):
        """Of the hierarchy whose controller the file's name begins with."""
        controller = {"blkio": "blkio", "hugetlb": ""}.get(file.split(".")[0], file.split(".")[0])
        key = next(key for key in cgroup.hierarchies() if controller in key.split(","))
        with open(os.path.join(cgroup.path_of(key, cgroup.own(self.pid_of(name))[key]), file)) as opened:
            return opened.read().strip()

    def check(self, name, **expected):
        for file, value in expected.items():
            file = file.replace("__", ".", 1)
            with self.subTest(file):
                self.assertEqual(self.value(name, file), str(value))

    def update(self, name, wanted):
        return self.runtime.ok("update", "--resources", "-", name, data=json.dumps(wanted).encode())

    @quick
    def test_every_flag_of_v1(self):
        self.need_v1("memory", "cpu", "cpuset", "pids")
        name = self.start_sleeper()
        self.runtime.ok("update", "--memory", "128m", "--memory-swap", "256M", "--memory-reservation", "67108864",
                        "--cpu-share", "512", "--cpu-period", "50000", "--cpu-quota=20000", "--cpuset-cpus", "0",
                        "--cpuset-mems", "0", "--pids-limit", "77", name)
        self.check(name, memory__limit_in_bytes=128 * MIB, memory__soft_limit_in_bytes=64 * MIB, cpu__shares=512,
                   cpu__cfs_period_us=50000, cpu__cfs_quota_us=20000, cpuset__cpus=0, cpuset__mems=0, pids__max=77)
        self.assertEqual(self.value(name, "memory.memsw.limit_in_bytes"), str(256 * MIB))
        self.runtime.ok("update", "--pids-limit", "-1", "--cpu-quota", "-1", "--memory", "-1", name)
        self.check(name, pids__max="max", cpu__cfs_quota_us=-1, cpu__shares=512)
        self.assertGreater(int(self.value(name, "memory.memsw.limit_in_bytes")), 1 << 60)
        self.end(name)
        self.assert_nothing_left()

    def test_burst_and_idle(self):
        self.need_v1("cpu")
        name = self.start_sleeper(change=resources(cpu={"quota": 20000, "period": 50000}))
        self.runtime.ok("update", "--cpu-burst", "10000", name)
        self.check(name, cpu__cfs_burst_us=10000, cpu__cfs_quota_us=20000)
        self.runtime.ok("update", "--cpu-idle", "1", name)
        self.check(name, cpu__idle=1)
        self.runtime.ok("update", "--cpu-idle=0", "--cpu-burst=0", name)
        self.check(name, cpu__idle=0, cpu__cfs_burst_us=0)
        self.end(name)

    def test_realtime(self):
        """Two files, which most kernels have not: then both are named, and nothing changes."""
        self.need_v1("cpu")
        name = self.start_sleeper(change=resources(cpu={"shares": 300}))
        key = next(key for key in cgroup.hierarchies() if "cpu" in key.split(","))
        has_files = os.path.exists(cgroup.path_of(key, cgroup.own(self.pid_of(name))[key]) + "/cpu.rt_runtime_us")
        for option, file, value in (("--cpu-rt-period", "cpu.rt_period_us", "500000"), ("--cpu-rt-runtime", "cpu.rt_runtime_us", "1000")):
            with self.subTest(option):
                result = self.runtime.call("update", option, value, "--cpu-share", "400", name)
                if has_files:
                    self.assertEqual((result.status, self.value(name, file)), (0, value), str(result))
                else:
                    self.assertEqual(result.status, 1)
                    self.assert_one_line(result, file)
                    self.check(name, cpu__shares=300)
        self.end(name)

    def test_limits_of_memory_up_and_down(self):
        self.need_v1("memory")
        name = self.start_sleeper(change=resources(memory={"limit": 64 * MIB, "swap": 64 * MIB}))
        for limit, both in ((256, 512), (32, 32), (128, 128), (100, 200)):
            self.runtime.ok("update", "--memory", "%dm" % limit, "--memory-swap", "%dm" % both, name)
            self.check(name, memory__limit_in_bytes=limit * MIB)
            self.assertEqual(self.value(name, "memory.memsw.limit_in_bytes"), str(both * MIB))
        result = self.runtime.refuses("update", "--memory", "300m", name)
        self.assert_one_line(result, "linux.resources.memory.swap", "is below the limit of memory")
        self.check(name, memory__limit_in_bytes=100 * MIB)
        self.end(name)

    @quick
    def test_resources_from_a_file_and_from_standard_input(self):
        self.need_v1("pids", "cpu")
        name = self.start_sleeper()
        path = os.path.join(self.directory, "new.json")
        with open(path, "w") as file:
            json.dump({"pids": {"limit": 50}, "cpu": {"shares": 300}}, file)
        self.runtime.ok("update", "--resources", path, name)
        self.check(name, pids__max=50, cpu__shares=300)
        self.update(name, {"pids": {"limit": 60}})
        self.check(name, pids__max=60, cpu__shares=300)
        self.runtime.ok("update", "-r", path, "--pids-limit", "70", name)
        self.check(name, pids__max=70)
        self.end(name)

    @quick
    def test_all_or_nothing(self):
        self.need_v1("pids", "cpu", "cpuset", "memory")
        before = {"pids": {"limit": 50}, "cpu": {"shares": 300}, "memory": {"limit": 64 * MIB}}
        name = self.start_sleeper(change=resources(**before))
        result = self.runtime.refuses("update", "--pids-limit", "60", "--cpu-share", "400", "--memory", "128m",
                                      "--cpuset-cpus", "4000", name)
        self.assert_one_line(result, "cpuset.cpus", '"4000"')
        self.check(name, pids__max=50, cpu__shares=300, memory__limit_in_bytes=64 * MIB)
        self.end(name)

    def test_below_the_usage_is_refused_and_nothing_changes(self):
        self.need_v1("memory", "pids")
        script = "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do x=$x$x; done; echo up; " \
                 "exec 3<<E\n$x\nE\nwhile true; do sleep 1; done"
        name = self.start_sleeper(args=("/bin/sh", "-c", script), change=resources(pids={"limit": 50}))
        self.wait_for_output(name, "up")
        self.runtime.refuses("update", "--memory", "4k", "--pids-limit", "60", name)
        self.check(name, pids__max=50)
        self.assertGreater(int(self.value(name, "memory.limit_in_bytes")), 1 << 60)
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)

    def test_what_is_not_named_stays_and_the_period_keeps_its_quota(self):
        self.need_v1("cpu")
        name = self.start_sleeper(change=resources(cpu={"quota": 20000, "period": 100000, "shares": 200}))
        self.runtime.ok("update", "--cpu-period", "50000", name)
        self.check(name, cpu__cfs_quota_us=20000, cpu__cfs_period_us=50000, cpu__shares=200)
        self.end(name)

    @quick
    def test_devices(self):
        def change(bundle):
            bundle.linux["devices"] = [{"type": "c", "path": "/dev/none", "major": 240, "minor": 7}]
            bundle.linux.setdefault("resources", {})["devices"] = [{"allow": False, "access": "rwm"}]

        name = self.start_sleeper(change=change)

        def is_denied():
            result = self.runtime.call("exec", name, "/bin/sh", "-c", ": < /dev/none")
            self.assertNotEqual(result.status, 0)
            return "not permitted" in result.stderr

        self.assertTrue(is_denied())
        rule = {"allow": True, "type": "c", "major": 240, "minor": 7, "access": "rw"}
        for _ in range(3):
            self.update(name, {"devices": [{"allow": False, "access": "rwm"}, rule]})
            self.assertFalse(is_denied())
            self.assertEqual(self.runtime.ok("exec", name, "/bin/sh", "-c", "echo x > /dev/null").status, 0)
            self.update(name, {"devices": [{"allow": False, "access": "rwm"}]})
            self.assertTrue(is_denied())
        self.end(name)
        self.assert_nothing_left()

    def test_devices_are_restored_when_another_limit_fails(self):
        self.need_v1("cpuset")

        def change(bundle):
            bundle.linux["devices"] = [{"type": "c", "path": "/dev/none", "major": 240, "minor": 7}]

        name = self.start_sleeper(change=change)
        rule = {"allow": True, "type": "c", "major": 240, "minor": 7, "access": "rw"}
        self.runtime.refuses("update", "--resources", "-", name,
                             data=json.dumps({"devices": [rule], "cpu": {"cpus": "4000"}}).encode())
        result = self.runtime.call("exec", name, "/bin/sh", "-c", ": < /dev/none")
        self.assertIn("not permitted", result.stderr)
        self.end(name)

    def test_huge_pages_of_the_v2_tree(self):
        tree = cgroup.hierarchies().get("")
        if not tree or "hugetlb" not in open(os.path.join(tree, "cgroup.controllers")).read().split():
            skip("no hugetlb of v2 here")
        name = self.start_sleeper()
        self.update(name, {"hugepageLimits": [{"pageSize": "2MB", "limit": 2 * MIB}]})
        self.check(name, **{"hugetlb__2MB.max": 2 * MIB, "hugetlb__2MB.rsvd.max": 2 * MIB})
        self.update(name, {"unified": {"hugetlb.2MB.max": str(6 * MIB)}})
        self.check(name, **{"hugetlb__2MB.max": 6 * MIB})
        result = self.runtime.refuses("update", "--resources", "-", name, data=json.dumps(
            {"unified": {"hugetlb.2MB.max": str(8 * MIB), "hugetlb.no.such": "1"}}).encode())
        self.assertIn("hugetlb.no.such", result.stderr)
        self.check(name, **{"hugetlb__2MB.max": 6 * MIB})
        self.end(name)

    def test_killed_half_way(self):
        """SIGKILL at each of its writes: the next update finds the old values again, or all of the new ones."""
        self.need_v1("pids", "cpu", "memory")
        if not shutil.which("strace"):
            skip("strace is not installed")
        old = {"pids": {"limit": 50}, "cpu": {"shares": 300}, "memory": {"limit": 64 * MIB}}
        new = {"pids": {"limit": 60}, "cpu": {"shares": 400}, "memory": {"limit": 128 * MIB}}
        name = self.start_sleeper(change=resources(**old))
        values = ("pids.max", "cpu.shares", "memory.limit_in_bytes")
        seen = lambda: [int(self.value(name, file)) for file in values]  # noqa: E731
        before, after = [50, 300, 64 * MIB], [60, 400, 128 * MIB]
        mixtures = 0
        for kind in ("write", "rename,renameat,renameat2", "unlink,unlinkat"):
            for count in range(1, 20):
                self.update(name, old)
                argv = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=%s:signal=SIGKILL:when=%d" % (kind, count)]
                process = subprocess.run(argv + self.runtime.argv("update", "--resources", "-", name),
                                         input=json.dumps(new).encode(), stderr=subprocess.PIPE)
                mixtures += seen() not in (before, after)
                if process.returncode == 0:
                    self.assertEqual(seen(), after)
                    break
                told = self.runtime.ok("update", name).stderr
                with self.subTest(kind=kind, count=count):
                    self.assertIn(seen(), (before, after))
                    self.assertEqual(seen() == before and count > 1, "killed half way" in told and count > 1, told)
                    self.assertEqual(self.runtime.ok("update", name).stderr, "")
        self.assertGreater(mixtures, 0, "nothing was disturbed half way")
        self.end(name)
        self.assert_nothing_left()

    def test_killed_half_way_and_deleted(self):
        self.need_v1("pids")
        if not shutil.which("strace"):
            skip("strace is not installed")
        name = self.start_sleeper()
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=unlinkat:signal=SIGKILL:when=1"] +
                       self.runtime.argv("update", "--pids-limit", "30", name), stderr=subprocess.DEVNULL)
        self.end(name)
        self.assert_nothing_left()

    def test_a_late_failure(self):
        """The limits stand, and then the new resources cannot be written down."""
        self.need_v1("pids", "cpu", "memory")
        if not shutil.which("strace"):
            skip("strace is not installed")
        name = self.start_sleeper(change=resources(pids={"limit": 50}, cpu={"shares": 300}, memory={"limit": 64 * MIB}))
        words = ("update", "--pids-limit", "60", "--cpu-share", "400", "--memory", "128m", name)
        argv = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=renameat:error=ENOSPC:when=2"]
        process = subprocess.run(argv + self.runtime.argv(*words), stderr=subprocess.PIPE)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"no space left on device", process.stderr)
        self.check(name, pids__max=50, cpu__shares=300, memory__limit_in_bytes=64 * MIB)
        self.assertEqual(self.runtime.ok("update", name).stderr, "")
        self.end(name)

    def test_paused_and_created_ones_too(self):
        self.need_v1("pids")
        name, _ = self.create("/bin/probe", "sleep")
        self.runtime.ok("update", "--pids-limit", "40", name)
        self.check(name, pids__max=40)
        self.runtime.ok("start", name)
        self.runtime.ok("pause", name)
        self.runtime.ok("update", "--pids-limit", "41", name)
        self.check(name, pids__max=41)
        self.runtime.ok("resume", name)
        self.end(name)

    def test_many_at_once(self):
        self.need_v1("pids", "cpu")
        name = self.start_sleeper()
        flags = (("--pids-limit", "31"), ("--cpu-share", "310"), ("--cpu-quota", "31000"), ("--cpu-period", "90000"))
        calls = [subprocess.Popen(self.runtime.argv("update", *words, name)) for words in flags * 3]
        self.assertEqual([call.wait() for call in calls], [0] * len(calls))
        self.check(name, pids__max=31, cpu__shares=310, cpu__cfs_quota_us=31000, cpu__cfs_period_us=90000)
        self.end(name)
        self.assert_nothing_left()

    @quick
    def test_refusals(self):
        name = self.start_sleeper()
        rows = (
            (("--memory", "1x"), "option --memory"),
            (("--cpu-share", "-1"), "option --cpu-share"),
            (("--pids-limit", "many"), "option --pids-limit"),
            (("--blkio-weight", "9"), "blockIO.weight"),
            (("--l3-cache-schema", "L3:0=f"), "linux.intelRdt: the container has none"),
            (("--resources", "/no/such"), "/no/such"),
        )
        for words, part in rows:
            with self.subTest(words):
                self.assert_one_line(self.runtime.refuses("update", *words, name), part)
        for text, part in (("{", "standard input"), ('{"pids": {"limit": "x"}}', "pids.limit"), ("[]", "standard input")):
            with self.subTest(text):
                self.assertIn(part, self.runtime.refuses("update", "--resources", "-", name, data=text.encode()).stderr)
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.assert_one_line(self.runtime.refuses("update", "--pids-limit", "5", name), "not running: stopped")
        self.assert_one_line(self.runtime.refuses("update", "--pids-limit", "5", "nosuch"), "does not exist")


if __name__ == "__main__":
    runner.main()
