#!/usr/bin/python3
"""dockerd with orlop as its default runtime, and a containerd of its own."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import engine  # noqa: E402
from engine import RUNTIME, TAG, path, read_url  # noqa: E402
from harness import program  # noqa: E402

IMAGE = "busy/box:1"
PARENT = "/" + TAG


class Docker(engine.Engine):
    needs = ("dockerd", "docker", "containerd", "docker-proxy", "iptables")
    cgroup_parents = (PARENT,)
    image = IMAGE
    at_once = ()  # rm --force waits for nothing

    def __init__(self):
        self.socket = "unix://" + path("d.sock")
        self.env = {"DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": path("config"), "DOCKER_HOST": self.socket, "HOME": path()}
        self.state_roots = (path("exec", "runtime-orlop", "moby"), "/run/docker/runtime-orlop/moby")
        self.own_mounts = (path("data"), path("exec", "netns", "default"))
        seccomp = ()
        if not engine.has_seccomp():
            with open(path("allow.json"), "w") as file:
                json.dump({"defaultAction": "SCMP_ACT_ALLOW"}, file)
            seccomp = ("--seccomp-profile", path("allow.json"))
        os.mkdir(path("config"))
        with open(path("daemon.json"), "w") as file:
            file.write("{}")  # and not the machine's own
        self.daemon = engine.Daemon("dockerd", [
            "dockerd", "--data-root", path("data"), "--exec-root", path("exec"), "--pidfile", path("d.pid"),
            "--host", self.socket, "--storage-driver", "overlay2", "--exec-opt", "native.cgroupdriver=cgroupfs",
            "--add-runtime", "orlop=" + RUNTIME, "--default-runtime", "orlop",
            "--cgroup-parent", PARENT, "--oom-score-adjust", "0", "--bip", "172.31.78.1/24", "--config-file", path("daemon.json"),
            *seccomp,
        ], lambda: self.call("version", timeout=5).status == 0)
        result = self.call("import", "--change", "CMD [\"/bin/sh\"]", engine.root_archive(), IMAGE)
        assert result.status == 0, str(result)

    def argv(self, *words):
        return ["docker", *words]

    def call(self, *words, **how):
        return engine.call(*self.argv(*words), env=self.env, **how)

    def remove_all(self):
        names = self.call("ps", "--all", "--quiet").stdout.split()
        if names:
            self.call("rm", "--force", *names)

    def stop(self):
        self.remove_all()
        self.daemon.stop()


class DockerCase(cli.CliCase):
    no_such_program = (126, 127)  # docker.io 20.10 has 126 for exec with any runtime


class Run(DockerCase, cli.Run):
    def test_the_runtime_is_known(self):
        self.assertEqual(self.inspect(self.sleeper(), ".HostConfig.Runtime"), "orlop")

    def test_confinement(self):
        options = ("--network", "none", "--read-only", "--tmpfs", "/cache", "--cap-drop", "all", "--user", "1000:1000",
                   "--security-opt", "no-new-privileges", "--ulimit", "nofile=123:456", "--group-add", "2000")
        text = self.run_in("sh", "-c", "touch /file 2>/dev/null || echo refused; touch /cache/f 2>/dev/null; id -G; ulimit -n; "
                           "cat /proc/self/status", options=options)
        self.assertEqual(text.splitlines()[:3], ["refused", "1000 2000", "123"])
        self.assertIn("NoNewPrivs:\t1", text)
        self.assertIn("CapBnd:\t0000000000000000", text)
        self.assertIn("Seccomp:\t2" if engine.has_seccomp() else "Seccomp:\t0", text)

    def test_privileged(self):
        self.assertIn("sda" if os.path.exists("/dev/sda") else "null", self.run_in(
            "ls", "/dev", options=("--network", "none", "--privileged")))


class Life(DockerCase, cli.Life, cli.Pause):
    @engine.needs("update")
    def test_update(self):
        name = self.sleeper("--memory", "64m")
        self.ok("update", "--memory", "96m", "--memory-swap", "96m", "--cpus", "0.5", name)
        self.assertEqual(self.file_of(name, "memory", "memory.limit_in_bytes"), str(96 << 20))
        self.assertEqual(self.file_of(name, "cpu", "cpu.cfs_quota_us"), "50000")

    def test_top_and_stats(self):
        name = self.sleeper("--memory", "64m", "--pids-limit", "77", words=("sh", "-c", "sleep 1000 & wait"))
        program.until(lambda: self.quiet("top", name).count("\n") == 3, "both processes are listed")
        line = json.loads(self.quiet("stats", "--no-stream", "--format", "{{json .}}", name).strip())
        self.assertEqual(line["PIDs"], "2")
        self.assertIn("64MiB", line["MemUsage"])
        self.assertEqual(self.file_of(name, "pids", "pids.max"), "77")

    def test_restart_policy(self):
        name = self.sleeper("--restart", "on-failure:2", words=("false",))
        program.until(lambda: self.inspect(name, ".RestartCount .State.Status".replace(" .State", "}} {{.State")) == "2 exited",
                      "it was started again twice", 20, 0.1)

    def test_out_of_memory(self):
        name = self.sleeper("--memory", "16m", "--memory-swap", "16m", words=("sh", "-c", "head -c 100000000 /dev/zero | grep -a x"))
        self.ok("wait", name)
        self.assertEqual(self.inspect(name, ".State.OOMKilled"), "true")


class Images(DockerCase, cli.Images):
    def test_build(self):
        self.build("--network", "none")

    def test_overlay(self):
        """One layer for two containers; copy on write, a whiteout; the merged root goes with the container."""
        first, second = self.sleeper(), self.sleeper()
        self.assertEqual(self.inspect(first, ".GraphDriver.Data.LowerDir").split(":")[-1],
                         self.inspect(second, ".GraphDriver.Data.LowerDir").split(":")[-1])
        self.quiet("exec", first, "sh", "-c", "echo more >> /etc/group; rm /etc/passwd")
        self.assertNotIn("more", self.quiet("exec", second, "cat", "/etc/group"))
        upper, merged = (self.inspect(first, ".GraphDriver.Data." + name) for name in ("UpperDir", "MergedDir"))
        self.assertEqual(os.stat(upper + "/etc/passwd").st_rdev, 0)
        self.assertTrue(os.path.exists(merged + "/bin/busybox"))
        self.quiet("rm", "--force", first)
        self.assertFalse(os.path.exists(merged))


class Network(DockerCase, cli.Network):
    port = 18081

    def test_bridge(self):
        name = self.published("bridge", read_url)
        address = self.inspect(name, ".NetworkSettings.IPAddress")
        self.assertIn("crew", self.run_in("wget", "-q", "-O", "-", "http://%s/group" % address, options=("--network", "bridge")))


if __name__ == "__main__":
    engine.main(Docker)
