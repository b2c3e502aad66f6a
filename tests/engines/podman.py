#!/usr/bin/python3
"""Podman as root on overlay: conmon calls orlop for every container."""

import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engine  # noqa: E402
from engine import EngineCase, RUNTIME, TAG, path, read_url  # noqa: E402
from harness import cgroup, program  # noqa: E402

IMAGE = "localhost/bb:1"
INFRA = "localhost/infra:1"
PARENT = "/" + TAG
NAME = os.path.basename(RUNTIME or "orlop")
# Root of a test machine may not be able to raise limits, as Podman's own defaults want.
CONFIG = """
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "%(name)s"
runtime_supports_json = ["%(name)s"]
runtime_supports_nocgroup = ["%(name)s"]
init_path = "/usr/bin/tini-static"
infra_image = "%(infra)s"
[engine.runtimes]
%(name)s = ["%(runtime)s"]
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=20000:20000", "nproc=30000:30000"]
%(seccomp)s
[network]
network_backend = "netavark"
network_config_dir = "%(dir)s/networks"
"""
CREATE = ("run", "create")


class Podman:
    needs = ("podman", "conmon", "iptables")
    cgroup_parents = (PARENT, PARENT + "/conmon")
    state_roots = ("/run/" + NAME,)

    def __init__(self):
        seccomp = "" if engine.has_seccomp() else 'seccomp_profile = "unconfined"'
        with open(path("containers.conf"), "w") as file:
            file.write(CONFIG % {"name": NAME, "infra": INFRA, "runtime": RUNTIME, "dir": path(), "seccomp": seccomp})
        with open(path("policy.json"), "w") as file:
            json.dump({"default": [{"type": "insecureAcceptAnything"}]}, file)
        self.env = {"CONTAINERS_CONF": path("containers.conf"), "TMPDIR": path(), "HOME": path()}
        self.own_mounts = (path("p", "root", "overlay"),)
        for name, change in ((IMAGE, "CMD /bin/sh"), (INFRA, "ENTRYPOINT [\"/bin/sleep\", \"100000\"]")):
            result = self.call("import", "--change", change, engine.root_archive(), name)
            assert result.status == 0, str(result)

    def argv(self, *words):
        """Containers are made below this program's cgroup."""
        if words[0] in CREATE or words[:2] == ("pod", "create"):
            at = 2 if words[0] == "pod" else 1
            words = (*words[:at], "--cgroup-parent", PARENT, *words[at:])
        # Podman takes no long name of these two; /run is this program's own.
        return ["podman", "--root", path("p", "root"), "--runroot", "/run/podman", "--tmpdir", "/run/podman-tmp",
                "--storage-driver", "overlay", *words]

    def call(self, *words, **how):
        return engine.call(*self.argv(*words), env=self.env, **how)

    def remove_all(self):
        self.call("pod", "rm", "--all", "--force", "--time", "0")
        self.call("rm", "--all", "--force", "--time", "0")

    def stop(self):
        self.remove_all()
        self.call("system", "reset", "--force")


class PodmanCase(EngineCase):
    def run_in(self, *words, options=("--network", "none")):
        return self.quiet("run", "--rm", *options, IMAGE, *words)

    def sleeper(self, *options, words=("sleep", "1000")):
        name = self.new_id()
        self.quiet("run", "--detach", "--network", "none", "--name", name, *options, IMAGE, *words)
        return name

    def pid_of(self, name):
        return int(self.ok("inspect", "--format", "{{.State.Pid}}", name))

    def status_of(self, name):
        return self.ok("inspect", "--format", "{{.State.Status}}", name).strip()

    def file_of(self, name, controller, file):
        """A file of the container's cgroup."""
        own = cgroup.own(self.pid_of(name))
        for key, target in cgroup.hierarchies().items():
            if controller in key.split(","):
                with open(target + own[key] + "/" + file) as found:
                    return found.read().strip()
        self.skipTest("no v1 hierarchy of " + controller)


class Run(PodmanCase):
    def test_output(self):
        self.assertEqual(self.run_in("echo", "hello"), "hello\n")
        self.assertEqual(self.quiet("run", "--rm", "--network", "none", "--interactive", IMAGE, "cat", data=b"word"), "word")

    def test_exit_codes(self):
        run = ("run", "--rm", "--network", "none")
        for status in (0, 3, 255):
            self.fails(status, *run, IMAGE, "sh", "-c", "exit %d" % status)
        self.fails(125, *run, "--nosuch-option", IMAGE, "true")
        self.assertIn("permission denied", self.fails(126, *run, IMAGE, "/etc/passwd").lower())
        self.assertIn("not found", self.fails(127, *run, IMAGE, "nosuch"))
        self.fails(128 + 15, *run, "--init", IMAGE, "sh", "-c", "kill -TERM $$")

    def test_terminal(self):
        session = self.terminal("run", "--rm", "-it", "--network", "none", IMAGE, "sh")
        session.type("tty; stty size; exit 5\n")
        session.read_until(b"/dev/pts/0")
        session.read_until(b"24 80")
        self.assertEqual(session.wait(), 5)

    def test_resize(self):
        session = self.terminal("run", "--rm", "-it", "--network", "none", IMAGE, "sh")
        session.read_until(b"# ")
        session.resize(40, 100)
        os.kill(session.process.pid, 28)  # SIGWINCH
        program.until(lambda: self._shows_size(session), "the new size is seen", 5, 0.2)
        session.type("exit\n")
        self.assertEqual(session.wait(), 0)

    def _shows_size(self, session):
        session.type("stty size\n")
        time.sleep(0.2)
        return b"40 100" in session.read_rest()

    def test_a_root_directory(self):
        words = ("--rootfs", engine.root_directory(), "echo", "hi")
        self.assertEqual(self.quiet("run", "--rm", "--network", "none", *words), "hi\n")

    def test_init(self):
        self.assertIn("tini\n", self.run_in("sh", "-c", "cat /proc/1/status | head -1", options=("--init", "--network", "none")
                                            ).replace("catatonit", "tini").replace("podman-init", "tini"))


class Life(PodmanCase):
    def test_detached(self):
        name = self.sleeper(words=("sh", "-c", "echo out; echo err >&2; exec sleep 1000"))
        program.until(lambda: self.call("logs", name).stdout == "out\n", "the log has its output")
        self.assertEqual(self.call("logs", name).stderr, "err\n")
        self.assertEqual(self.status_of(name), "running")
        self.ok("stop", "--time", "0", name)
        self.assertEqual(self.status_of(name), "exited")
        self.ok("start", name)
        self.assertEqual(self.status_of(name), "running")
        self.ok("restart", "--time", "0", name)
        self.quiet("rm", "--force", "--time", "0", name)

    def test_exec(self):
        name = self.sleeper()
        self.assertEqual(self.quiet("exec", name, "echo", "from inside"), "from inside\n")
        self.assertEqual(self.quiet("exec", "--user", "sailor", "--workdir", "/tmp", "--env", "A=b", name, "sh", "-c",
                                    "id -u; pwd; echo $A"), "1000\n/tmp\nb\n")
        self.fails(7, "exec", name, "sh", "-c", "exit 7")
        self.fails(127, "exec", name, "nosuch")
        self.fails(126, "exec", name, "/etc/passwd")
        session = self.terminal("exec", "-it", name, "sh")
        session.type("tty; exit 6\n")
        session.read_until(b"/dev/pts/")
        self.assertEqual(session.wait(), 6)

    def test_attach(self):
        name = self.sleeper("--interactive", words=("sh", "-c", "read word; echo got $word; exit 4"))
        self.call("attach", name, data=b"that\n")  # at the end of its input it detaches, or sees the end of the container
        self.assertEqual(self.ok("wait", name), "4\n")
        self.assertIn("got that", self.ok("logs", name))

    def test_top_and_stats(self):
        name = self.sleeper(words=("sh", "-c", "sleep 1000 & wait"))
        program.until(lambda: self.quiet("top", name, "pid", "args").count("sleep") >= 1, "the child is there")
        self.assertEqual(self.quiet("top", name, "user", "pid").split()[:4], ["USER", "PID", "root", "1"])
        line = json.loads(self.quiet("stats", "--no-stream", "--format", "json", name))[0]
        self.assertEqual(line["pids"], "2")

    def test_pause(self):
        name = self.sleeper()
        self.quiet("pause", name)
        self.assertEqual(self.status_of(name), "paused")
        self.assertNotEqual(self.call("exec", name, "true").status, 0)
        self.quiet("unpause", name)
        self.assertEqual(self.status_of(name), "running")

    @engine.needs("update")
    def test_update(self):
        name = self.sleeper("--memory", "64m")
        self.ok("update", "--memory", "96m", "--cpu-shares", "256", name)
        self.assertEqual(self.file_of(name, "memory", "memory.limit_in_bytes"), str(96 << 20))
        self.assertEqual(self.file_of(name, "cpu", "cpu.shares"), "256")

    def test_signals_and_time_outs(self):
        name = self.sleeper(words=("sh", "-c", "trap 'exit 9' USR1; trap 'echo no' TERM; while true; do sleep 0.05; done"))
        begin = time.monotonic()
        self.call("stop", "--time", "1", name)
        self.assertGreater(time.monotonic() - begin, 1)
        self.assertEqual(self.ok("inspect", "--format", "{{.State.ExitCode}}", name), "137\n")
        self.ok("start", name)
        time.sleep(0.3)
        self.quiet("kill", "--signal", "USR1", name)
        self.assertEqual(self.ok("wait", name), "9\n")

    def test_remove_by_force(self):
        name = self.sleeper(words=("sh", "-c", "trap '' TERM; sleep 1000 & while true; do sleep 1; done"))
        self.assertNotEqual(self.call("rm", name).status, 0)
        self.quiet("rm", "--force", "--time", "0", name)
        self.assertNotIn(name, self.ok("ps", "--all", "--format", "{{.Names}}"))

    def test_pod(self):
        pod = self.new_id()
        number = self.ok("pod", "create", "--network", "none", "--name", pod).strip()
        # The pod's cgroup is Podman's to remove, and it does so only in the hierarchies of controllers, with any runtime.
        self.engine.cgroup_parents += ("/" + number,)
        first, second = self.new_id(), self.new_id()
        self.ok("run", "--detach", "--pod", pod, "--name", first, IMAGE, "httpd", "-f", "-p", "8080", "-h", "/etc")
        for kind in ("net", "ipc", "uts"):
            with self.subTest(kind):
                links = {os.readlink("/proc/%d/ns/%s" % (self.pid_of(first), kind)),
                         self.ok("run", "--rm", "--pod", pod, IMAGE, "readlink", "/proc/self/ns/" + kind).strip()}
                self.assertEqual(len(links), 1)
        text = self.ok("run", "--rm", "--pod", pod, "--name", second, IMAGE, "wget", "-q", "-O", "-", "http://127.0.0.1:8080/group")
        self.assertIn("sailor", text)
        self.ok("pod", "pause", pod)
        self.ok("pod", "unpause", pod)
        self.ok("pod", "rm", "--force", "--time", "0", pod)


class Files(PodmanCase):
    def test_propagation_of_volumes(self):
        """A mount that the host makes below the volume afterwards is seen, or not; and one that the container makes."""
        for mode, inwards, outwards in (("private", False, False), ("slave", True, False), ("shared", True, True),
                                        ("rprivate", False, False), ("rslave", True, False), ("rshared", True, True)):
            with self.subTest(mode):
                volume = path("volume-" + mode)
                os.makedirs(volume + "/host", exist_ok=True)
                os.makedirs(volume + "/guest", exist_ok=True)
                self.addCleanup(self._unmount, volume)
                engine.call("mount", "--bind", volume, volume)
                engine.call("mount", "--make-shared", volume)
                name = self.sleeper("--volume", "%s:/volume:%s" % (volume, mode), "--cap-add", "SYS_ADMIN")
                engine.call("mount", "-t", "tmpfs", "host", volume + "/host")
                self.assertEqual(inwards, "/volume/host " in self.ok("exec", name, "cat", "/proc/mounts"))
                self.ok("exec", name, "mount", "-t", "tmpfs", "guest", "/volume/guest")
                with open("/proc/mounts") as file:
                    self.assertEqual(outwards, volume + "/guest " in file.read())
                self.ok("rm", "--force", "--time", "0", name)

    def _unmount(self, volume):
        for place in ("/guest", "/host", ""):
            engine.call("umount", "--lazy", volume + place)

    def test_volumes(self):
        name = self.new_id()
        volume = ("--volume", name + ":/data", "--network", "none")
        self.run_in("sh", "-c", "echo kept > /data/file", options=volume)
        self.assertEqual(self.run_in("cat", "/data/file", options=volume), "kept\n")
        self.fails(1, "run", "--rm", "--network", "none", "--volume", name + ":/data:ro", IMAGE, "touch", "/data/file")
        self.ok("volume", "rm", name)

    def test_read_only(self):
        self.fails(1, "run", "--rm", "--network", "none", "--read-only", IMAGE, "touch", "/file")
        self.run_in("touch", "/tmp/file", options=("--read-only", "--network", "none"))

    def test_tmpfs(self):
        text = self.run_in("cat", "/proc/mounts", options=("--tmpfs", "/cache:size=1m,mode=700", "--network", "none"))
        line = [line for line in text.splitlines() if " /cache " in line][0]
        self.assertIn("size=1024k", line)

    def test_device(self):
        options = ("--device", "/dev/kmsg:/dev/log-of-kernel:r", "--network", "none")
        self.assertEqual(self.run_in("stat", "-c", "%t:%T", "/dev/log-of-kernel", options=options), "1:b\n")
        self.fails(1, "run", "--rm", *options, IMAGE, "sh", "-c", "echo x > /dev/log-of-kernel")

    def test_layers(self):
        """Copy on write, and a whiteout."""
        name = self.sleeper()
        self.ok("exec", name, "sh", "-c", "echo more >> /etc/group; rm /etc/passwd")
        changes = self.ok("diff", name).split("\n")
        self.assertIn("C /etc/group", changes)
        self.assertIn("D /etc/passwd", changes)
        self.assertIn("root", self.run_in("cat", "/etc/passwd"))


class Confinement(PodmanCase):
    def status_line(self, word, *options):
        text = self.run_in("cat", "/proc/self/status", options=("--network", "none", *options))
        return [line.split(":")[1].strip() for line in text.splitlines() if line.startswith(word + ":")][0]

    def test_capabilities(self):
        usual = int(self.status_line("CapEff"), 16)
        self.assertEqual(int(self.status_line("CapEff", "--cap-drop", "all"), 16), 0)
        self.assertEqual(int(self.status_line("CapEff", "--cap-add", "SYS_PTRACE"), 16), usual | 1 << 19)
        self.assertEqual(int(self.status_line("CapEff", "--cap-drop", "CHOWN"), 16), usual & ~1)

    def test_no_new_privileges(self):
        self.assertEqual(self.status_line("NoNewPrivs"), "0")
        self.assertEqual(self.status_line("NoNewPrivs", "--security-opt", "no-new-privileges"), "1")

    def test_seccomp(self):
        self.assertEqual(self.status_line("Seccomp", "--security-opt", "seccomp=unconfined"), "0")
        if not engine.has_seccomp():
            self.skipTest("no linux.seccomp in this version")
        self.assertEqual(self.status_line("Seccomp"), "2")

    def test_user_and_groups(self):
        self.assertEqual(self.run_in("id", options=("--user", "sailor", "--network", "none")),
                         "uid=1000(sailor) gid=1000(sailor) groups=1000(sailor),2000(crew)\n")
        self.assertIn("3000", self.run_in("id", "-G", options=("--group-add", "3000", "--network", "none")).split())

    @unittest.skipUnless(NAME in ("orlop", "crun"), "an annotation that this runtime does not know")
    def test_keep_groups(self):
        os.setgroups([4321])
        self.addCleanup(os.setgroups, os.getgroups())
        self.assertIn("4321", self.run_in("id", "-G", options=("--group-add", "keep-groups", "--network", "none")).split())

    def test_ulimit(self):
        self.assertEqual(self.run_in("sh", "-c", "ulimit -n", options=(
            "--ulimit", "nofile=123:456", "--ulimit", "nproc=1000:1000", "--network", "none")), "123\n")

    def test_sysctl(self):
        text = self.run_in("cat", "/proc/sys/kernel/msgmax", options=("--sysctl", "kernel.msgmax=65000", "--network", "none"))
        self.assertEqual(text, "65000\n")

    def test_limits(self):
        name = self.sleeper("--memory", "64m", "--cpus", "0.5", "--pids-limit", "77")
        self.assertEqual(self.file_of(name, "memory", "memory.limit_in_bytes"), str(64 << 20))
        self.assertEqual(self.file_of(name, "cpu", "cpu.cfs_quota_us"), "50000")
        self.assertEqual(self.file_of(name, "pids", "pids.max"), "77")

    @unittest.skipUnless(NAME in ("orlop", "crun"), "an option that this runtime does not know")
    def test_without_a_cgroup(self):
        name = self.new_id()
        result = engine.call(*[word for word in self.engine.argv("run", "-d", "--cgroups", "disabled", "--network", "none",
                                                                 "--name", name, IMAGE, "sleep", "1000")
                               if word not in ("--cgroup-parent", PARENT)], env=self.engine.env)
        self.assertEqual((result.status, result.stderr), (0, ""), str(result))
        self.assertEqual(self.quiet("exec", name, "echo", "in"), "in\n")
        self.assertNotIn(TAG, str(cgroup.own(self.pid_of(name))))
        self.quiet("rm", "--force", "--time", "0", name)

    def test_user_namespace(self):
        options = ("--uidmap", "0:100000:2000", "--gidmap", "0:100000:2000", "--network", "none")
        self.assertEqual(self.run_in("cat", "/proc/self/uid_map", options=options).split(), ["0", "100000", "2000"])


class Network(PodmanCase):
    def test_published_port(self):
        name = self.new_id()
        self.quiet("run", "--detach", "--name", name, "--publish", "127.0.0.1:18080:80", IMAGE, "httpd", "-f", "-h", "/etc")
        program.until(lambda: b"sailor" in read_url("http://127.0.0.1:18080/passwd"), "the published port answers", 10, 0.1)
        other = self.run_in("sh", "-c", "wget -q -O - http://127.0.0.1/group", options=("--network", "container:" + name))
        self.assertIn("crew", other)
        self.quiet("rm", "--force", "--time", "0", name)

    def test_host_and_none(self):
        self.assertEqual(self.run_in("readlink", "/proc/self/ns/net", options=("--network", "host")).strip(),
                         os.readlink("/proc/self/ns/net"))
        self.assertEqual(self.run_in("ls", "/sys/class/net").split(), ["lo"])


class Build(PodmanCase):
    def build(self, isolation, *options):
        context = path("context-" + isolation)
        os.makedirs(context, exist_ok=True)
        with open(os.path.join(context, "Containerfile"), "w") as file:
            file.write("FROM %s\nRUN echo built > /made\nCMD [\"/bin/cat\", \"/made\"]\n" % IMAGE)
        name = "localhost/built-" + isolation
        self.ok("build", "--isolation", isolation, *options, "--cgroup-parent", PARENT + "/build",
                "--tag", name, context, timeout=60)
        self.assertEqual(self.quiet("run", "--rm", "--network", "none", name), "built\n")
        self.ok("rmi", name)

    def test_with_the_runtime(self):
        seccomp = () if engine.has_seccomp() else ("--security-opt", "seccomp=unconfined")
        self.build("oci", "--network", "none", *seccomp)

    def test_with_chroot(self):
        self.build("chroot")


if __name__ == "__main__":
    engine.main(Podman)
