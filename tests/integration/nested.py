#!/usr/bin/python3
"""orlop in a container of orlop's."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner, settings  # noqa: E402
from harness.case import ContainerCase  # noqa: E402


class Inside(ContainerCase):
    """With a cgroup namespace of its own: the inner container's cgroups lie below the outer's."""

    SCRIPT = """
        set -e
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then  # v2: who limits others has no processes of its own
            mkdir /sys/fs/cgroup/init
            echo $$ > /sys/fs/cgroup/init/cgroup.procs
        fi
        orlop() { /run/orlop --root /run/state "$@"; }
        orlop run --detach --bundle /run/inner inner
        orlop exec inner /bin/echo inside
        orlop pause inner
        orlop state inner | busybox grep -q paused
        orlop resume inner
        orlop state inner | busybox grep -q running
        orlop ps --format json inner
        echo ready
        read -r _ </run/go
        orlop update --pids-limit 44 inner
        echo limit $(busybox cat /sys/fs/cgroup/inner/pids.max /sys/fs/cgroup/*/inner/pids.max 2>/dev/null)
        orlop kill inner KILL
        while ! orlop state inner | busybox grep -q stopped; do :; done
        orlop delete inner
        orlop list
        exec sleep 100
    """

    def privileged(self, bundle):
        features = json.loads(self.runtime.ok("features").stdout)
        bundle.grant(*features["linux"]["capabilities"])
        bundle.process["noNewPrivileges"] = False
        bundle.own_cgroup_namespace()
        bundle.linux.update(maskedPaths=[], readonlyPaths=[], resources={"devices": [{"allow": True, "access": "rwm"}]})
        bundle.config["mounts"] = [mount for mount in bundle.config["mounts"] if mount["type"] not in ("cgroup", "sysfs")]
        bundle.mount("/sys", type="sysfs", source="sysfs", options=["nosuid", "noexec", "nodev"])
        bundle.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=["nosuid", "noexec", "nodev"])
        bundle.mount("/run", type="tmpfs", source="tmpfs", options=["mode=755"])
        for source, target in ((settings.ORLOP, "orlop"), (self.inner.path, "inner"), (self.fifo, "go")):
            bundle.mount("/run/" + target, type="bind", source=source, options=["bind"])

    def test_life(self):
        self.inner = self.bundle("/bin/probe", "sleep",
                                 change=lambda bundle: bundle.linux.update(resources={"pids": {"limit": 33}}))
        self.fifo = os.path.join(self.directory, "go")
        os.mkfifo(self.fifo)
        has_pids = any("pids" in key.split(",") for key in cgroup.hierarchies()) or "pids" in self.controllers()
        if not has_pids:
            self.inner.linux["resources"] = {}
            self.inner.write()
        script = self.SCRIPT if has_pids else self.SCRIPT.replace("--pids-limit 44", "")
        name = self.start_sleeper(args=("/bin/sh", "-c", script), change=self.privileged)
        self.wait_for_output(name, "ready")
        outer = cgroup.own(self.pid_of(name))
        pids = json.loads(self.runtime.ok("ps", "--format", "json", name).stdout)
        inside = [pid for pid in pids if self.is_sleeping_probe(pid)]
        self.assertEqual(len(inside), 1)
        own = cgroup.own(inside[0])
        for key in cgroup.hierarchies():
            with self.subTest(key):
                self.assertEqual(own[key], outer[key].replace("/init", "") + "/inner")
        if has_pids:
            key = next((key for key in cgroup.hierarchies() if "pids" in key.split(",")), "")
            with open(cgroup.path_of(key, own[key]) + "/pids.max") as file:
                self.assertEqual(file.read(), "33\n")
        with open(self.fifo, "w") as fifo:
            fifo.write("go\n")
        program.until(lambda: "ID " in self.output_of(name), "the inner container is gone")
        self.assertIn("inside\n", self.output_of(name))
        self.assertRegex(self.output_of(name), r"\n\[\d+\]\nready\n")
        if has_pids:
            self.assertIn("\nlimit 44\n", self.output_of(name))
        self.assertNotIn("inner ", self.output_of(name).split("ready")[1])
        for key, path in own.items():
            self.assertFalse(key in cgroup.hierarchies() and os.path.exists(cgroup.path_of(key, path)))
        self.end(name)
        self.assert_nothing_left()

    def controllers(self):
        with open(os.path.join(cgroup.hierarchies()[""], "cgroup.controllers")) as file:
            return file.read().split()

    def is_sleeping_probe(self, pid):
        with open("/proc/%d/cmdline" % pid) as file:
            return file.read().startswith("/bin/probe")


if __name__ == "__main__":
    runner.main()
