#!/usr/bin/python3
"""containerd: its runc v2 shim with orlop as its binary, driven by ctr."""

import concurrent.futures
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engine  # noqa: E402
from engine import EngineCase, RUNTIME, TAG, path  # noqa: E402
from harness import cgroup, program, reaper  # noqa: E402

IMAGE = "localhost/bb:1"
CONFIG = """
version = 2
root = "%(dir)s/root"
state = "%(dir)s/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "%(dir)s/c.sock"
"""


class Containerd(engine.Engine):
    needs = ("containerd", "containerd-shim-runc-v2", "ctr")
    env = {}

    def __init__(self):
        self.socket = path("cd", "c.sock")
        os.mkdir(path("cd"))
        with open(path("cd", "config.toml"), "w") as file:
            file.write(CONFIG % {"dir": path("cd")})
        # The namespace is the parent of the cgroups.
        self.namespace = TAG
        self.cgroup_parents = ("/" + TAG,)
        self.state_roots = (path("runc", self.namespace),)
        self.daemon = engine.Daemon("containerd", ["containerd", "--config", path("cd", "config.toml")],
                                    lambda: self.call("version", timeout=5).status == 0)
        result = self.call("images", "import", engine.image_archive(IMAGE))
        assert result.status == 0, str(result)

    def argv(self, *words):
        return ["ctr", "--address", self.socket, "--namespace", self.namespace, *words]

    def call(self, *words, **how):
        return engine.call(*self.argv(*words), **how)

    def run_words(self, *words):
        return ("run", "--runc-binary", RUNTIME, "--runc-root", path("runc"), *words)

    def remove_all(self):
        for name in self.call("containers", "list", "--quiet").stdout.split():
            self.call("tasks", "delete", "--force", name)
            self.call("containers", "delete", name)

    def stop(self):
        self.remove_all()
        self.daemon.stop()


class ContainerdCase(EngineCase):
    def run_words(self, *words):
        return self.engine.run_words(*words)

    def run_in(self, *words, options=()):
        """In the foreground: what it prints, without a word of the engine."""
        return self.quiet(*self.run_words("--rm", *options, IMAGE, self.new_id(), *words))

    def sleeper(self, *options, words=("sleep", "1000")):
        name = self.new_id()
        self.quiet(*self.run_words("--detach", *options, IMAGE, name, *words))
        return name

    def pid_of(self, name):
        for line in self.ok("tasks", "list").splitlines():
            if line.split()[0] == name:
                return int(line.split()[1])
        return None

    def status_of(self, name):
        for line in self.ok("tasks", "list").splitlines():
            if line.split()[0] == name:
                return line.split()[2]
        return None

    def end(self, name):
        self.quiet("tasks", "kill", "--signal", "SIGKILL", name)
        program.until(lambda: self.status_of(name) == "STOPPED", name + " is stopped")
        self.call("tasks", "delete", name)
        self.quiet("containers", "delete", name)


class Run(ContainerdCase):
    def test_output_and_exit_codes(self):
        self.assertEqual(self.run_in("echo", "hello"), "hello\n")
        for status in (0, 3, 255):
            self.fails(status, *self.run_words("--rm", IMAGE, self.new_id(), "sh", "-c", "exit %d" % status))

    def test_a_program_that_is_not_there(self):
        words = self.fails(1, *self.run_words("--rm", IMAGE, self.new_id(), "nosuch"))
        self.assertIn("nosuch", words)
        self.assertIn("executable file not found", words)

    def test_rootfs(self):
        self.assertEqual(self.quiet(*self.run_words("--rm", "--rootfs", engine.root_directory(), self.new_id(),
                                                    "/bin/cat", "/etc/passwd")).splitlines()[0], "root:x:0:0:root:/root:/bin/sh")

    def test_options_of_the_process(self):
        options = ("--cwd", "/tmp", "--env", "A=b", "--cap-drop", "CAP_CHOWN")
        self.assertEqual(self.run_in("sh", "-c", "pwd; echo $A; touch f; chown 1 f 2>/dev/null || echo refused", options=options),
                         "/tmp\nb\nrefused\n")
        self.assertIn("Seccomp:\t0", self.run_in("cat", "/proc/self/status"))

    def test_mount_and_read_only(self):
        os.makedirs(path("volume"), exist_ok=True)
        options = ("--read-only", "--mount", "type=bind,src=%s,dst=/volume,options=rbind:rw" % path("volume"))
        self.run_in("sh", "-c", "echo word > /volume/file; ! touch /file 2>/dev/null", options=options)
        with open(path("volume", "file")) as file:
            self.assertEqual(file.read(), "word\n")

    def test_terminal(self):
        session = self.terminal(*self.run_words("--rm", "--tty", IMAGE, self.new_id(), "sh"))
        # ctr sets the size when the program runs already.
        session.type("tty; until stty size 2>/dev/null | grep -q 80; do sleep 0.1; done; stty size; exit 5\n")
        session.read_until(b"/dev/pts/0")
        session.read_until(b"24 80")
        self.assertEqual(session.wait(), 5)

    def test_seccomp_profile(self):
        if not engine.has_seccomp():
            self.skipTest("no linux.seccomp in this version")
        self.assertIn("Seccomp:\t2", self.run_in("cat", "/proc/self/status", options=("--seccomp",)))


class Limits(ContainerdCase):
    def test_memory(self):
        name = self.sleeper("--memory-limit", str(64 << 20))
        self.assertEqual(self.file_of(name, "memory", "memory.limit_in_bytes"), str(64 << 20))
        self.end(name)

    def test_out_of_memory(self):
        result = self.call(*self.run_words("--rm", "--memory-limit", str(8 << 20), IMAGE, self.new_id(),
                                           "sh", "-c", "head -c 100000000 /dev/zero | grep -a x"))
        self.assertIn(result.status, (1, 137), str(result))

    def test_cpus(self):
        name = self.sleeper("--cpus", "0.5", "--cpu-shares", "512")
        self.assertEqual(self.file_of(name, "cpu", "cpu.cfs_quota_us"), "50000")
        self.assertEqual(self.file_of(name, "cpu", "cpu.shares"), "512")
        self.end(name)


class Tasks(ContainerdCase):
    def test_detached(self):
        name = self.sleeper()
        self.assertEqual(self.status_of(name), "RUNNING")
        self.assertEqual(cgroup.own(self.pid_of(name))["pids"], "/%s/%s" % (TAG, name))
        self.end(name)

    def test_exec(self):
        name = self.sleeper()
        self.assertEqual(self.quiet("tasks", "exec", "--exec-id", "e1", name, "echo", "from inside"), "from inside\n")
        self.fails(7, "tasks", "exec", "--exec-id", "e2", name, "sh", "-c", "exit 7")
        self.assertIn("executable file not found", self.fails(1, "tasks", "exec", "--exec-id", "e3", name, "nosuch"))
        self.assertEqual(self.quiet("tasks", "exec", "--user", "1000:2000", "--exec-id", "e5", name, "id", "-u"), "1000\n")
        session = self.terminal("tasks", "exec", "--tty", "--exec-id", "e4", name, "sh")
        session.type("tty; exit 6\n")
        session.read_until(b"/dev/pts/")
        self.assertEqual(session.wait(), 6)
        self.end(name)

    def test_pause_and_resume(self):
        name = self.sleeper()
        self.quiet("tasks", "pause", name)
        self.assertEqual(self.status_of(name), "PAUSED")
        self.quiet("tasks", "resume", name)
        self.assertEqual(self.status_of(name), "RUNNING")
        self.end(name)

    def test_processes_and_metrics(self):
        name = self.sleeper(words=("sh", "-c", "sleep 1000 & wait"))
        pid = self.pid_of(name)
        program.until(lambda: self.quiet("tasks", "ps", name).count("\n") == 3, "both processes are listed")
        self.assertIn(str(pid), self.quiet("tasks", "ps", name))
        metrics = json.loads(self.quiet("tasks", "metrics", "--format", "json", name))
        self.assertEqual(metrics["pids"]["current"], 2)
        self.assertGreater(metrics["memory"]["usage"]["usage"], 0)
        self.end(name)

    def test_signals(self):
        name = self.sleeper(words=("sh", "-c", "trap 'exit 9' TERM; while true; do sleep 0.05; done"))
        self.quiet("tasks", "kill", name)
        program.until(lambda: self.status_of(name) == "STOPPED", "TERM has reached it")
        self.assertIn("exit code 9", self.call("tasks", "delete", name).stderr)

    def test_kill_all(self):
        name = self.sleeper(words=("sh", "-c", "sleep 1000 & sleep 1000"))
        self.quiet("tasks", "kill", "--all", "--signal", "KILL", name)
        program.until(lambda: self.status_of(name) == "STOPPED", "KILL has reached all")

    def test_force(self):
        name = self.sleeper()
        self.ok("tasks", "delete", "--force", name)
        self.quiet("containers", "delete", name)
        self.assertNotIn(name, self.ok("containers", "list"))


class Many(ContainerdCase):
    def test_one_after_another(self):
        for number in range(200):
            self.assertEqual(self.run_in("echo", str(number)), "%d\n" % number)

    def test_at_once(self):
        names = [self.new_id() for _ in range(20)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            outputs = list(pool.map(lambda name: self.quiet(
                *self.run_words("--rm", IMAGE, name, "sh", "-c", "sleep 0.2; hostname; echo " + name)), names))
        self.assertEqual([text.splitlines()[-1] for text in outputs], names)


class Shim(ContainerdCase):
    def test_killed_in_the_middle(self):
        """containerd has `delete --force` called by another shim, and the container is gone."""
        name = self.sleeper()
        pid = self.pid_of(name)
        shims = [each for each in reaper.descendants(os.getppid()) if name in engine.command_of(each)
                 and "containerd-shim" in engine.command_of(each)]
        self.assertEqual(len(shims), 1)
        os.kill(shims[0], signal.SIGKILL)
        program.until(lambda: not program.alive(pid), "its container has ended")
        program.until(lambda: self.status_of(name) in (None, "STOPPED", "UNKNOWN"), "containerd knows")
        self.call("tasks", "delete", "--force", name)
        self.quiet("containers", "delete", name)


if __name__ == "__main__":
    engine.main(Containerd)
