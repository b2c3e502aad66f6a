#!/usr/bin/python3
"""update in a v2 tree that has every controller there is, which no machine here has. It is pretended: over the lists of the
real tree's controllers, and over the container's cgroup, lie plain files, for the call of orlop alone. They take whatever is
written to them, and keep what is behind a shorter text."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

MIB = 1 << 20
CONTROLLERS = "cpuset cpu io memory hugetlb pids rdma misc"
STANDING = {
    "memory.max": "max", "memory.high": "max", "memory.low": "0", "memory.swap.max": "max", "memory.current": "5000000",
    "cpu.weight": "100", "cpu.max": "max 100000", "cpu.max.burst": "0", "cpu.idle": "0", "cpuset.cpus": "0-7",
    "cpuset.mems": "0-1", "pids.max": "max", "io.bfq.weight": "default 100", "io.weight": "default 100",
    "io.max": "8:0 rbps=1 wbps=2 riops=max wiops=max", "hugetlb.2MB.max": "max", "hugetlb.2MB.rsvd.max": "max",
    "rdma.max": "mlx5_1 hca_handle=7 hca_object=max", "misc.max": "sev max",
}
# What is asked for, and what is in the files then; of the two lines for io.max the later one.
WANTED = {
    "memory": {"limit": 32 * MIB, "swap": 96 * MIB, "reservation": 16 * MIB},
    "cpu": {"shares": 512, "quota": 40000, "period": 80000, "burst": 10000, "cpus": "1-2", "mems": "1"},
    "pids": {"limit": 55},
    "blockIO": {"weight": 500, "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 4096}],
                "throttleWriteIOPSDevice": [{"major": 8, "minor": 0, "rate": 77}]},
    "hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}],
    "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}},
    "unified": {"memory.high": "30000000", "misc.max": "sev 5"},
}
EXPECTED = {
    "memory.max": str(32 * MIB), "memory.swap.max": str(64 * MIB), "memory.low": str(16 * MIB), "memory.high": "30000000",
    "cpu.weight": "59", "cpu.max": "40000 80000", "cpu.max.burst": "10000", "cpuset.cpus": "1-2", "cpuset.mems": "1",
    "pids.max": "55", "io.bfq.weight": "500", "io.max": "8:0 wiops=77", "hugetlb.2MB.max": str(4 * MIB),
    "hugetlb.2MB.rsvd.max": str(4 * MIB), "rdma.max": "mlx5_1 hca_handle=3 hca_object=10000", "misc.max": "sev 5",
}


class Pretended(ContainerCase):
    def setUp(self):
        super().setUp()
        if cgroup.layout() != "v2":
            skip("the tree is that of a v2 view")
        self.name = self.start_sleeper()
        self.real = cgroup.path_of("", cgroup.own(self.pid_of(self.name))[""])
        self.tree = os.path.join(self.directory, "pretended")
        os.makedirs(os.path.join(self.tree, "own"))
        self.locked = None
        for name, text in STANDING.items():
            self.put("own/" + name, text + "\n")
        self.put("controllers", CONTROLLERS + "\n")
        self.put("subtree_control", "\n")

    def put(self, name, text):
        with open(os.path.join(self.tree, name), "w") as file:
            file.write(text)

    def get(self, name):
        with open(os.path.join(self.tree, name)) as file:
            return file.read()

    def pretend(self):
        """In the process that becomes orlop."""
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        top = cgroup.hierarchies()[""]
        if self.locked:
            path = os.path.join(self.tree, "own", self.locked)
            kernel.mount(path, path, None, kernel.MS_BIND)
            kernel.mount(None, path, None, kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY)
        kernel.mount(os.path.join(self.tree, "own"), self.real, None, kernel.MS_BIND | kernel.MS_REC)
        for name in ("controllers", "subtree_control"):
            kernel.mount(os.path.join(self.tree, name), os.path.join(top, "cgroup." + name), None, kernel.MS_BIND)

    def update(self, *words, **wanted):
        data = json.dumps(wanted).encode() if wanted else None
        source = ("--resources", "-") if wanted else ()
        return self.runtime.call("update", *words, *source, self.name, data=data, before=self.pretend)

    def check(self, expected, but=()):
        for name, text in expected.items():
            if name not in but:
                with self.subTest(name):
                    self.assertTrue(self.get("own/" + name).startswith(text), "%s: %s" % (text, self.get("own/" + name)))

    def check_exactly(self, expected):
        """Of files that were written once: behind a shorter text is what stood before, and nothing else."""
        for name, text in expected.items():
            with self.subTest(name):
                self.assertEqual(self.get("own/" + name), text + (STANDING[name] + "\n")[len(text):])

    @quick
    def test_every_member(self):
        result = self.update(**WANTED)
        self.assertEqual((result.status, result.stderr), (0, ""), str(result))
        self.check({"io.max": EXPECTED["io.max"]})
        self.check_exactly({name: text for name, text in EXPECTED.items() if name != "io.max"})
        self.check_exactly({name: text for name, text in STANDING.items() if name not in EXPECTED})
        words = self.get("subtree_control").split()
        self.assertEqual(sorted(words), sorted("+" + name for name in CONTROLLERS.split()))
        self.end(self.name)

    @quick
    def test_every_flag(self):
        rows = (
            (("--memory", "32m", "--memory-swap", "96m"), {"memory.max": str(32 * MIB), "memory.swap.max": str(64 * MIB)}),
            (("--memory-reservation", "16777216",), {"memory.low": str(16 * MIB)}),
            (("--cpu-share", "512"), {"cpu.weight": "59"}),
            (("--cpu-quota", "40000", "--cpu-period=80000"), {"cpu.max": "40000 80000"}),
            (("--cpu-burst", "10000"), {"cpu.max.burst": "10000"}),
            (("--cpu-idle", "1"), {"cpu.idle": "1"}),
            (("--cpuset-cpus", "1-2", "--cpuset-mems", "1"), {"cpuset.cpus": "1-2", "cpuset.mems": "1"}),
            (("--blkio-weight", "500"), {"io.bfq.weight": "500"}),
            (("--pids-limit", "55"), {"pids.max": "55"}),
        )
        for words, expected in rows:
            with self.subTest(words):
                result = self.update(*words)
                self.assertEqual((result.status, result.stderr), (0, ""), str(result))
                self.check_exactly(expected)
        for option in ("--cpu-rt-period", "--cpu-rt-runtime"):
            result = self.update(option, "1000", "--pids-limit", "66")
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "linux.resources.cpu.realtime", "cannot be had with cgroup v2")
        self.check({"pids.max": "55"})

    def test_weights_of_iocost(self):
        """Where the scheduler is not bfq."""
        os.unlink(os.path.join(self.tree, "own", "io.bfq.weight"))
        result = self.update(blockIO={"weight": 500})
        self.assertEqual(result.status, 0, str(result))
        self.check({"io.weight": "4950"})
        result = self.update(blockIO={"weightDevice": [{"major": 8, "minor": 16, "weight": 200}]})
        self.assertEqual(result.status, 0, str(result))
        self.check({"io.weight": "8:16 1920"})

    @quick
    def test_whatever_fails_all_stays(self):
        """One of the files cannot be written: it is named, and the others have the old values again."""
        for name in EXPECTED:
            with self.subTest(name):
                self.locked = name
                result = self.update(**WANTED)
                self.assertEqual(result.status, 1, str(result))
                self.assert_one_line(result, 'linux.resources.', ': write("%s/%s"' % (self.real, name), "read-only file system")
                # Of io.max the kernel would have it in one line again.
                self.check(STANDING, but=("memory.current",))
        self.locked = None
        self.assertEqual(self.update().stderr, "")

    def test_no_limit_below_the_usage_when_that_is_asked_for(self):
        result = self.update(memory={"limit": 4 * MIB, "checkBeforeUpdate": True}, pids={"limit": 55})
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "%s/memory.max: %d is below the 5000000 bytes" % (self.real, 4 * MIB), "checkBeforeUpdate")
        self.check(STANDING)
        self.assertEqual(self.update(memory={"limit": 5 * MIB, "checkBeforeUpdate": True}).status, 0)
        self.check({"memory.max": str(5 * MIB)})

    def test_killed_half_way(self):
        """SIGKILL at each of its writes: the next update finds the old values again, or all of the new ones."""
        if not shutil.which("strace"):
            skip("strace is not installed")
        old = {"pids.max": "max", "cpu.max": "max 100000", "memory.max": "max"}
        new = {"pids.max": "60", "cpu.max": "40000 100000", "memory.max": str(64 * MIB)}
        wanted = {"pids": {"limit": 60}, "cpu": {"quota": 40000, "period": 100000}, "memory": {"limit": 64 * MIB}}

        def seen():
            texts = {name: self.get("own/" + name) for name in old}
            return ["old" if texts[name].startswith(old[name]) else "new" if texts[name].startswith(new[name]) else texts[name]
                    for name in old]

        mixtures = 0
        for kind in ("write", "rename,renameat,renameat2", "unlink,unlinkat"):
            for count in range(1, 20):
                for name, text in old.items():
                    self.put("own/" + name, text + "\n")
                argv = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=%s:signal=SIGKILL:when=%d" % (kind, count)]
                process = subprocess.run(argv + self.runtime.argv("update", "--resources", "-", self.name),
                                         preexec_fn=self.pretend, input=json.dumps(wanted).encode(), stderr=subprocess.PIPE)
                mixtures += seen() not in (["old"] * 3, ["new"] * 3)
                if process.returncode == 0:
                    self.assertEqual(seen(), ["new"] * 3)
                    break
                told = self.update("--memory-reservation", "0").stderr
                with self.subTest(kind=kind, count=count):
                    self.assertIn(seen(), (["old"] * 3, ["new"] * 3), told)
                    self.assertEqual(self.update().stderr, "")
        self.assertGreater(mixtures, 0, "nothing was disturbed half way")
        self.end(self.name)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
