#!/usr/bin/python3
"""dockerd with orlop as its default runtime, and a containerd of its own."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engine  # noqa: E402
from engine import EngineCase, RUNTIME, TAG, path, read_url  # noqa: E402
from harness import cgroup, program  # noqa: E402

IMAGE = "busy/box:1"
PARENT = "/" + TAG


class Docker:
    needs = ("dockerd", "docker", "containerd", "docker-proxy", "iptables")
    cgroup_parents = (PARENT,)

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
            json.dump({"exec-opts": ["native.cgroupdriver=cgroupfs"], "runtimes": {"orlop": {"path": RUNTIME}},
                       "default-runtime": "orlop"}, file)
        self.daemon = engine.Daemon("dockerd", [
            "dockerd", "--data-root", path("data"), "--exec-root", path("exec"), "--pidfile", path("d.pid"),
            "--host", self.socket, "--storage-driver", "overlay2",
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


class DockerCase(EngineCase):
    def run_in(self, *words, options=("--network", "none")):
        return self.quiet("run", "--rm", *options, IMAGE, *words)

    def sleeper(self, *options, words=("sleep", "1000"), network="none"):
        name = self.new_id()
        self.quiet("run", "--detach", "--network", network, "--name", name, *options, IMAGE, *words)
        return name

    def inspect(self, name, what):
        return self.ok("inspect", "--format", "{{%s}}" % what, name).strip()

    def pid_of(self, name):
        return int(self.inspect(name, ".State.Pid"))

    def file_of(self, name, controller, file):
        own = cgroup.own(self.pid_of(name))
        for key, target in cgroup.hierarchies().items():
            if controller in key.split(","):
                with open(target + own[key] + "/" + file) as found:
                    return found.read().strip()
        self.skipTest("no v1 hierarchy of " + controller)


class Run(DockerCase):
    def test_output(self):
        self.assertEqual(self.run_in("echo", "hello"), "hello\n")
        self.assertEqual(self.quiet("run", "--rm", "--network", "none", "--interactive", IMAGE, "cat", data=b"word"), "word")

    def test_the_runtime_is_known(self):
        self.assertEqual(self.inspect(self.sleeper(), ".HostConfig.Runtime"), "orlop")

    def test_exit_codes(self):
        run = ("run", "--rm", "--network", "none")
        for status in (0, 3, 255):
            self.fails(status, *run, IMAGE, "sh", "-c", "exit %d" % status)
        self.fails(125, *run, "--nosuch-option", IMAGE, "true")
        self.assertIn("permission denied", self.fails(126, *run, IMAGE, "/etc/passwd"))
        self.assertIn("executable file not found", self.fails(127, *run, IMAGE, "nosuch"))
        self.fails(128 + 15, *run, "--init", IMAGE, "sh", "-c", "kill -TERM $$")

    def test_terminal(self):
        session = self.terminal("run", "--rm", "-it", "--network", "none", IMAGE, "sh")
        # docker tells the size when the program runs already
        session.type("tty; until stty size 2>/dev/null | grep ' 80'; do sleep 0.1; done; exit 5\n")
        session.read_until(b"/dev/pts/0")
        session.read_until(b"24 80")
        self.assertEqual(session.wait(), 5)

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


class Life(DockerCase):
    def test_detached(self):
        name = self.sleeper(words=("sh", "-c", "echo out; exec sleep 1000"))
        program.until(lambda: self.call("logs", name).stdout == "out\n", "the log has its output")
        self.quiet("stop", "--time", "0", name)
        self.assertEqual(self.inspect(name, ".State.Status"), "exited")
        self.quiet("start", name)
        self.quiet("restart", "--time", "0", name)
        self.assertEqual(self.inspect(name, ".State.Status"), "running")
        self.quiet("rm", "--force", name)

    def test_exec(self):
        name = self.sleeper()
        self.assertEqual(self.quiet("exec", name, "echo", "from inside"), "from inside\n")
        self.assertEqual(self.quiet("exec", "--user", "sailor", "--workdir", "/tmp", "--env", "A=b", name, "sh", "-c",
                                    "id -u; pwd; echo $A"), "1000\n/tmp\nb\n")
        self.fails(7, "exec", name, "sh", "-c", "exit 7")
        result = self.call("exec", name, "nosuch")
        self.assertIn(result.status, (126, 127))  # docker.io 20.10 has 126 with any runtime
        self.assertIn("executable file not found", result.stdout + result.stderr)
        self.fails(126, "exec", name, "/etc/passwd")
        session = self.terminal("exec", "-it", name, "sh")
        session.type("tty; exit 6\n")
        session.read_until(b"/dev/pts/")
        self.assertEqual(session.wait(), 6)

    def test_pause(self):
        name = self.sleeper()
        self.quiet("pause", name)
        self.assertEqual(self.inspect(name, ".State.Status"), "paused")
        self.assertIn("paused", self.fails(1, "exec", name, "true"))
        self.quiet("unpause", name)
        self.assertEqual(self.quiet("exec", name, "echo", "on"), "on\n")

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

    def test_signals_and_time_outs(self):
        name = self.sleeper(words=("sh", "-c", "trap 'exit 9' USR1; trap 'echo no' TERM; while true; do sleep 0.05; done"))
        self.quiet("stop", "--time", "1", name)
        self.assertEqual(self.inspect(name, ".State.ExitCode"), "137")
        self.quiet("start", name)
        time.sleep(0.3)
        self.quiet("kill", "--signal", "USR1", name)
        self.assertEqual(self.ok("wait", name), "9\n")

    def test_restart_policy(self):
        name = self.sleeper("--restart", "on-failure:2", words=("false",))
        program.until(lambda: self.inspect(name, ".RestartCount .State.Status".replace(" .State", "}} {{.State")) == "2 exited",
                      "it was started again twice", 20, 0.1)

    def test_out_of_memory(self):
        name = self.sleeper("--memory", "16m", "--memory-swap", "16m", words=("sh", "-c", "head -c 100000000 /dev/zero | grep -a x"))
        self.ok("wait", name)
        self.assertEqual(self.inspect(name, ".State.OOMKilled"), "true")


class Images(DockerCase):
    def test_build(self):
        os.makedirs(path("context"), exist_ok=True)
        with open(path("context", "Dockerfile"), "w") as file:
            file.write("FROM %s\nRUN echo built > /made\nRUN rm /etc/group\nCMD [\"/bin/cat\", \"/made\"]\n" % IMAGE)
        self.ok("build", "--network", "none", "--tag", "busy/built:1", path("context"), timeout=60)
        self.assertEqual(self.quiet("run", "--rm", "--network", "none", "busy/built:1"), "built\n")
        self.fails(1, "run", "--rm", "--network", "none", "busy/built:1", "cat", "/etc/group")
        self.assertIn("crew", self.run_in("cat", "/etc/group"))
        self.ok("rmi", "busy/built:1")

    def test_overlay(self):
        """One layer for two containers; copy on write, a whiteout; the merged root goes with the container."""
        first, second = self.sleeper(), self.sleeper()
        self.assertEqual(self.inspect(first, ".GraphDriver.Data.LowerDir").split(":")[-1],
                         self.inspect(second, ".GraphDriver.Data.LowerDir").split(":")[-1])
        self.quiet("exec", first, "sh", "-c", "echo more >> /etc/group; rm /etc/passwd")
        self.assertNotIn("more", self.quiet("exec", second, "cat", "/etc/group"))
        changes = self.quiet("diff", first).splitlines()
        self.assertIn("C /etc/group", changes)
        self.assertIn("D /etc/passwd", changes)
        upper, merged = (self.inspect(first, ".GraphDriver.Data." + name) for name in ("UpperDir", "MergedDir"))
        self.assertEqual(os.stat(upper + "/etc/passwd").st_rdev, 0)
        self.assertTrue(os.path.exists(merged + "/bin/busybox"))
        self.quiet("rm", "--force", first)
        self.assertFalse(os.path.exists(merged))

    def test_volume(self):
        name = self.new_id()
        options = ("--volume", name + ":/data", "--network", "none")
        self.run_in("sh", "-c", "echo kept > /data/file", options=options)
        self.assertEqual(self.run_in("cat", "/data/file", options=options), "kept\n")
        self.ok("volume", "rm", name)


class Network(DockerCase):
    def test_bridge(self):
        """A published port is reached from the host; a container in another's network sees the same."""
        name = self.sleeper("--publish", "127.0.0.1:18081:80", words=("httpd", "-f", "-h", "/etc"), network="bridge")
        program.until(lambda: b"sailor" in read_url("http://127.0.0.1:18081/passwd"), "the published port answers", 10, 0.1)
        self.assertIn("crew", self.run_in("wget", "-q", "-O", "-", "http://127.0.0.1/group", options=(
            "--network", "container:" + name)))
        address = self.inspect(name, ".NetworkSettings.IPAddress")
        self.assertIn("crew", self.run_in("wget", "-q", "-O", "-", "http://%s/group" % address, options=("--network", "bridge")))

    def test_host_and_none(self):
        own = os.readlink("/proc/self/ns/net")
        self.assertEqual(self.run_in("readlink", "/proc/self/ns/net", options=("--network", "host")).strip(), own)
        self.assertNotEqual(self.run_in("readlink", "/proc/self/ns/net").strip(), own)
        self.assertEqual(self.run_in("ls", "/sys/class/net").split(), ["lo"])


if __name__ == "__main__":
    engine.main(Docker)
