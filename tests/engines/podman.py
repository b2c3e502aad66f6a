#!/usr/bin/python3
"""Podman as root on overlay."""

import errno
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import engine  # noqa: E402
import podman_shared  # noqa: E402
from engine import TAG, path, read_url  # noqa: E402
from harness import cgroup, kernel, program, settings  # noqa: E402
from podman_shared import IMAGE, NAME  # noqa: E402

PARENT = "/" + TAG
CREATE = ("run", "create")


class Podman(podman_shared.Podman):
    cgroup_parents = (PARENT, PARENT + "/conmon")
    state_roots = ("/run/" + NAME,)

    def __init__(self):
        super().__init__()
        # The second is where it keeps network namespaces, from the first one on.
        self.own_mounts = (path("p", "root", "overlay"), "/run/netns")
        # --userns=auto takes its ids from these.
        for name in ("subuid", "subgid"):
            engine.replace_file("/etc/" + name, "containers:2000000:1000000\n")
        self.import_images()

    def argv(self, *words):
        """Containers are made below this program's cgroup."""
        if words[0] in CREATE or words[:2] == ("pod", "create"):
            at = 2 if words[0] == "pod" else 1
            words = (*words[:at], "--cgroup-parent", PARENT, *words[at:])
        # Podman takes no long name of these two; /run is this program's own.
        return ["podman", "--root", path("p", "root"), "--runroot", "/run/podman", "--tmpdir", "/run/podman-tmp",
                "--storage-driver", "overlay", *words]


class Run(cli.Run):
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

    def test_debian(self):
        """On an overlay of the root that real_input.py has had made by debootstrap."""
        root = os.path.join(settings.CACHE, "debian-bookworm")
        if not os.path.isdir(root):
            self.skipTest("%s has not been made yet" % root)
        words = ("--rootfs", root + ":O", "bash", "-c",
                 "apt-get --version | head -1; dpkg -s base-files | grep ^Status; "
                 "echo x >/etc/new && rm /etc/debian_version && ls /etc/new")
        seen = self.quiet("run", "--rm", "--network", "none", *words).splitlines()
        self.assertEqual((seen[0].split()[0], *seen[1:]), ("apt", "Status: install ok installed", "/etc/new"))
        self.assertTrue(os.path.exists(root + "/etc/debian_version"))
        self.assertFalse(os.path.exists(root + "/etc/new"))

    def test_init(self):
        self.assertIn("tini\n", self.run_in("sh", "-c", "cat /proc/1/status | head -1", options=("--init", "--network", "none")
                                            ).replace("catatonit", "tini").replace("podman-init", "tini"))


class Life(cli.Life, cli.Pause, podman_shared.Health, podman_shared.Pod):
    def test_top_and_stats(self):
        name = self.sleeper(words=("sh", "-c", "sleep 1000 & wait"))
        program.until(lambda: self.quiet("top", name, "pid", "args").count("sleep") >= 1, "the child is there")
        self.assertEqual(self.quiet("top", name, "user", "pid").split()[:4], ["USER", "PID", "root", "1"])
        line = json.loads(self.quiet("stats", "--no-stream", "--format", "json", name))[0]
        self.assertEqual(line["pids"], "2")

    @engine.needs("update")
    def test_update(self):
        name = self.sleeper("--memory", "64m")
        self.ok("update", "--memory", "96m", "--cpu-shares", "256", name)
        self.assertEqual(self.file_of(name, "memory", "memory.limit_in_bytes"), str(96 << 20))
        self.assertEqual(self.file_of(name, "cpu", "cpu.shares"), "256")


class Files(cli.CliCase):
    def test_propagation_of_volumes(self):
        """A mount that the host makes below the volume afterwards is seen, or not; and one that the container makes."""
        for mode, inwards, outwards in (("private", False, False), ("slave", True, False), ("shared", True, True),
                                        ("rprivate", False, False), ("rslave", True, False), ("rshared", True, True),
                                        ("unbindable", False, False), ("runbindable", False, False)):
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


class Confinement(podman_shared.UserNamespaces):
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

    def test_seccomp_profile(self):
        if not engine.has_seccomp():
            self.skipTest("no linux.seccomp in this version")
        with open(path("profile.json"), "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EDOM}]}, file)
        options = ("--security-opt", "seccomp=" + path("profile.json"), "--network", "none")
        text = self.run_in("sh", "-c", "mkdir /tmp/x 2>&1; touch /tmp/y && echo made", options=options)
        self.assertEqual(text, "mkdir: can't create directory '/tmp/x': %s\nmade\n" % os.strerror(errno.EDOM))

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
        options = ("--uidmap", "0:100000:2000", "--gidmap", "0:100000:2000")
        self.assertEqual(self.map_of(*options), ["0", "100000", "2000"])


class Network(cli.Network):
    port = 18080

    def test_published_port(self):
        self.remove(self.published("podman", read_url))


class Images(cli.Images):
    def test_with_the_runtime(self):
        seccomp = () if engine.has_seccomp() else ("--security-opt", "seccomp=unconfined")
        self.build("--isolation", "oci", "--cgroup-parent", PARENT + "/build", "--network", "none", *seccomp)

    def test_with_chroot(self):
        self.build("--isolation", "chroot")


if __name__ == "__main__":
    engine.main(Podman)
