#!/usr/bin/python3
"""Podman, of root and of an ordinary user, and containerd, with cgroups that systemd makes. In a guest that is nobody else's:

    tests/lab/lab.py --systemd [--user] 'ORLOP_TEST_PATIENCE=4 python3 tests/engines/with_systemd.py'
"""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import containerd  # noqa: E402
import cri  # noqa: E402
import engine  # noqa: E402
import podman_shared  # noqa: E402
from engine import path  # noqa: E402
from harness import cgroup  # noqa: E402

IS_ROOT = os.geteuid() == 0


def properties(unit):
    words = ["systemctl", "show", unit] if IS_ROOT else ["systemctl", "--user", "show", unit]
    return dict(line.split("=", 1) for line in engine.call(*words, env=user_environment()).stdout.splitlines() if "=" in line)


def user_environment():
    return {} if IS_ROOT else {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]}


class Podman(podman_shared.Podman):
    in_guest = True
    manager = "systemd"
    # The guest's kernel lets only root have an overlay on a tmpfs.
    driver = "overlay" if IS_ROOT else "vfs"

    def __init__(self):
        super().__init__()
        run = path("run") if IS_ROOT else os.environ["XDG_RUNTIME_DIR"]
        self.places = ("--runroot", run, "--tmpdir", path("tmp")) if IS_ROOT else ()
        self.state_roots = (os.path.join("/run" if IS_ROOT else run, podman_shared.NAME),)
        self.own_mounts = (path("p", "root", "overlay"),)
        self.env.update(user_environment())
        result = self.call("import", engine.root_archive(), self.image)
        assert result.status == 0, str(result)

    def argv(self, *words):
        return ["podman", "--root", path("p", "root"), *self.places, "--storage-driver", self.driver, *words]

    def stop(self):
        """The guest goes, and what is in it."""
        self.call("rm", "--all", "--force", "--time", "0")


class UnitCase:
    def read(self, directory, file):
        with open(os.path.join(directory, file)) as found:
            return found.read().strip()

    def assert_unit(self, pid, place, limits):
        """Where the container is; what its cgroup's files and its unit say. Returns the directory."""
        own = cgroup.own(pid)[""]
        self.assertTrue(own.endswith(place), own)
        directory = cgroup.path_of("", own)
        shown = properties(os.path.basename(place))
        for file, name, value in limits:
            self.assertEqual((self.read(directory, file), shown[name]), (value, value), file)
        return directory


class PodmansUnits(cli.CliCase, UnitCase):
    seconds = 240

    def test_life(self):
        name = self.sleeper("--memory", "64m", "--pids-limit", "77")
        number, pid = self.inspect(name, ".Id}} {{.State.Pid").split()
        unit = "libpod-%s.scope" % number
        place = "/machine.slice/" + unit if IS_ROOT else "/user@%d.service/user.slice/%s" % (os.geteuid(), unit)
        directory = self.assert_unit(pid, place, (("memory.max", "MemoryMax", str(64 << 20)), ("pids.max", "TasksMax", "77")))
        self.assertEqual(self.quiet("exec", name, "cat", "/proc/self/cgroup"), "0::/\n")
        self.quiet("pause", name)
        self.assertEqual(self.read(directory, "cgroup.freeze"), "1")
        self.quiet("unpause", name)
        self.assertEqual(json.loads(self.quiet("stats", "--no-stream", "--format", "json", name))[0]["pids"], "1")
        self.ok("update", "--memory", "96m", name)
        self.assert_unit(pid, place, (("memory.max", "MemoryMax", str(96 << 20)), ("pids.max", "TasksMax", "77")))
        self.remove(name)
        self.assertEqual(properties(unit)["LoadState"], "not-found")

    def test_exit_code(self):
        self.fails(3, "run", "--rm", *cli.QUIET, self.engine.image, "sh", "-c", "exit 3")


@unittest.skipUnless(IS_ROOT, "containerd is root's")
class ContainerdsUnits(containerd.ContainerdCase, UnitCase):
    seconds = 240

    @classmethod
    def setUpClass(cls):
        cls.engine = containerd.Containerd()

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()

    def test_life(self):
        tag = self.new_id()
        name = self.sleeper("--runc-systemd-cgroup", "--cgroup", "machine.slice:ctr:" + tag, "--memory-limit", str(64 << 20))
        unit = "ctr-%s.scope" % tag
        place = "/machine.slice/" + unit
        directory = self.assert_unit(self.pid_of(name), place, (("memory.max", "MemoryMax", str(64 << 20)),))
        text = self.quiet("tasks", "exec", "--exec-id", "e1", name, "cat", "/proc/self/cgroup")
        self.assertEqual(text, "0::%s\n" % place)  # ctr asks for no cgroup namespace
        self.quiet("tasks", "pause", name)
        self.assertEqual(self.read(directory, "cgroup.freeze"), "1")
        self.quiet("tasks", "resume", name)
        metrics = json.loads(self.quiet("tasks", "metrics", "--format", "json", name))
        self.assertEqual(metrics["pids"]["current"], 1)
        self.end(name)
        self.assertEqual(properties(unit)["LoadState"], "not-found")


class SystemdCri(cri.Cri):
    in_guest = True
    systemd = True
    parent = "machine.slice"


@unittest.skipUnless(IS_ROOT, "containerd is root's")
@unittest.skipUnless(shutil.which("curl"), "not installed: curl")
class CrisUnits(cri.CriCase, UnitCase):
    """SystemdCgroup of config.toml."""

    seconds = 240

    @classmethod
    def setUpClass(cls):
        cls.engine = SystemdCri()

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()

    def test_life(self):
        pod = self.start_pod()
        name, _ = self.start(pod, "sleep", "1000", resources={4: 64 << 20})
        unit = "cri-containerd-%s.scope" % name
        with open(os.path.join(self.cgroup_of(name), "cgroup.procs")) as file:
            pid = int(file.readline())
        place = "/machine.slice/" + unit
        self.assert_unit(pid, place, (("memory.max", "MemoryMax", str(64 << 20)),))
        self.ask("UpdateContainerResources", {1: name, 2: {4: 96 << 20}})
        self.assert_unit(pid, place, (("memory.max", "MemoryMax", str(96 << 20)),))
        self.assertEqual(self.execute(name, "echo", "in"), (0, "in\n"))
        self.engine.remove_pod(pod)
        self.assertEqual(properties(unit)["LoadState"], "not-found")


if __name__ == "__main__":
    if os.path.isdir("/run/systemd/system"):
        engine.main(Podman)
    else:
        print("skip with_systemd: this machine was not booted with systemd\n0 passed, 0 failed, 1 skipped")
