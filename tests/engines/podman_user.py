#!/usr/bin/python3
"""Podman of an ordinary user, without systemd: native overlay and vfs, slirp4netns.

The user is one of this program alone: it is in the accounts that its mount namespace shows in place of the machine's."""

import contextlib
import os
import pwd
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import engine  # noqa: E402
import podman_shared  # noqa: E402
from cli import QUIET  # noqa: E402
from engine import path, read_url  # noqa: E402
from harness import cgroup, kernel, program  # noqa: E402
from podman_shared import IMAGE, NAME  # noqa: E402

USER = "orlop-sailor"
FIRST, COUNT = 1000000, 65536


def make_user():
    """Returns the id."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    uid = next(uid for uid in range(4000, 60000) if uid not in taken)
    ids = "%s:%d:%d\n" % (USER, FIRST, COUNT)
    for name, line in (("passwd", "%s:x:%d:%d::%s:/bin/sh\n" % (USER, uid, uid, path("home"))),
                       ("group", "%s:x:%d:\n" % (USER, uid)), ("subuid", ids), ("subgid", ids)):
        with open("/etc/" + name) as file:
            engine.replace_file("/etc/" + name, file.read() + line)
    for place in (path("home"), "/run/user/%d" % uid):
        os.mkdir(place, 0o700)
        os.chown(place, uid, uid)
    return uid


def let_everybody_use_tun():
    """As udev does it: slirp4netns needs it."""
    if os.path.isdir("/dev/net"):
        kernel.mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=755")
        os.mknod("/dev/net/tun", 0o20666, os.makedev(10, 200))
        os.chmod("/dev/net/tun", 0o666)


class UsersPodman(podman_shared.Podman):
    needs = (*podman_shared.Podman.needs, "slirp4netns", "newuidmap")
    driver = "overlay"
    groups = "--clear-groups"

    def __init__(self):
        self.uid = make_user()
        let_everybody_use_tun()
        # The machine's may be where the user cannot get to.
        runtime = shutil.copy(podman_shared.RUNTIME, path(NAME))
        super().__init__(runtime, "" if cgroup.layout() != "v2" else 'cgroups = "disabled"\n', "home")
        self.run_directory = "/run/user/%d" % self.uid
        self.state_roots = (os.path.join(self.run_directory, NAME),)
        self.env = {"CONTAINERS_CONF": path("containers.conf"), "HOME": path("home"), "USER": USER, "TMPDIR": path("home"),
                    "XDG_RUNTIME_DIR": self.run_directory}
        self.import_images()

    def argv(self, *words):
        return ["setpriv", "--reuid", str(self.uid), "--regid", str(self.uid), self.groups, "--", "env", "--chdir", path("home"),
                "podman", "--storage-driver", self.driver, *words]

    def stop(self):
        super().stop()
        # The process that keeps the user and mount namespaces of all calls.
        with contextlib.suppress(OSError):
            with open(os.path.join(self.run_directory, "libpod", "tmp", "pause.pid")) as file:
                os.kill(int(file.read()), signal.SIGKILL)


class Run(cli.Run):
    def test_overlay(self):
        self.assertIn("userxattr", self.run_in("grep", "^overlay / ", "/proc/mounts"))

    def test_vfs(self):
        vfs = ("--storage-driver", "vfs", "--root", path("home", "vfs"), "--runroot", os.path.join(self.engine.run_directory, "vfs"))
        self.ok(*vfs, "import", engine.root_archive(), IMAGE)
        text = self.quiet(*vfs, "run", "--rm", *QUIET, IMAGE, "cat", "/proc/mounts")
        self.assertNotIn("overlay / ", text)
        self.ok(*vfs, "rmi", IMAGE)

    def test_ids(self):
        self.assertEqual(self.run_in("id", options=("--user", "sailor", *QUIET)),
                         "uid=1000(sailor) gid=1000(sailor) groups=1000(sailor),2000(crew)\n")
        self.assertEqual(self.run_in("cat", "/proc/self/uid_map").split(),
                         ["0", str(self.engine.uid), "1", "1", str(FIRST), str(COUNT)])

    def test_confinement(self):
        options = ("--read-only", "--tmpfs", "/cache", "--cap-drop", "all", "--security-opt", "no-new-privileges",
                   "--ulimit", "nofile=123:456", "--device", "/dev/null:/dev/other", *QUIET)
        text = self.run_in("sh", "-c", "touch /file 2>/dev/null || echo refused; touch /cache/f; ulimit -n; "
                           "stat -c %t:%T /dev/other; cat /proc/self/status", options=options)
        self.assertEqual(text.splitlines()[:3], ["refused", "123", "1:3"])
        for line in ("NoNewPrivs:\t1", "CapBnd:\t0000000000000000", "Seccomp:\t" + "02"[engine.has_seccomp()]):
            self.assertIn(line, text)


class Life(cli.Life, podman_shared.Health, podman_shared.Pod):
    def pause_pod(self, pod):
        """Not without a cgroup."""

    def test_top(self):
        name = self.sleeper(words=("sh", "-c", "sleep 1000 & wait"))
        program.until(lambda: self.quiet("top", name, "pid", "args").count("sleep") >= 1, "the child is there")
        self.assertEqual(self.quiet("top", name, "user", "huser", "pid").split()[3:6], ["root", str(self.engine.uid), "1"])

    def test_pause_needs_a_cgroup(self):
        name = self.sleeper()
        self.assertIn("cgroup", self.fails(125, "pause", name))
        self.assertIn("cgroup", self.fails(125, "stats", "--no-stream", name))


class UserNamespaces(podman_shared.UserNamespaces):
    def test_the_users_own_id(self):
        uid = self.engine.uid
        self.assertEqual(self.run_in("id", "-u", options=("--userns", "keep-id", *QUIET)), "%d\n" % uid)
        os.makedirs(path("home", "volume"), exist_ok=True)
        os.chown(path("home", "volume"), uid, uid)
        options = ("--userns", "keep-id", "--volume", path("home", "volume") + ":/volume", *QUIET)
        self.run_in("touch", "/volume/file", options=options)
        self.assertEqual(os.stat(path("home", "volume", "file")).st_uid, uid)

    @unittest.skipUnless(NAME in ("orlop", "crun"), "an annotation that this runtime does not know")
    def test_keep_groups(self):
        """They are not mapped, but still there."""
        self.engine.groups = "--groups=4321"
        self.addCleanup(setattr, self.engine, "groups", type(self.engine).groups)
        text = self.run_in("cat", "/proc/self/status", options=("--group-add", "keep-groups", *QUIET))
        self.assertEqual([line.split()[1:] for line in text.splitlines() if line.startswith("Groups:")], [["65534"]])

    @unittest.skipUnless(NAME in ("orlop", "crun"), "an option that this runtime does not know")
    def test_without_a_cgroup(self):
        name = self.sleeper("--cgroups", "disabled")
        self.assertEqual(self.quiet("exec", name, "echo", "in"), "in\n")
        self.assertEqual(cgroup.own(self.pid_of(name)), cgroup.own())
        self.remove(name)


class Files(cli.Images):
    def test_build(self):
        self.build("--isolation", "oci", *QUIET)

    def test_propagation(self):
        for mode in ("private", "rslave", "rshared"):
            text = self.run_in("cat", "/proc/self/mountinfo", options=("--volume", "%s:/v:%s" % (path("home"), mode), *QUIET))
            line = [line.split() for line in text.splitlines() if line.split()[4] == "/v"][0]
            kinds = [word.split(":")[0] for word in line[6:line.index("-")]]
            self.assertEqual(kinds[:1], {"private": [], "rslave": ["master"], "rshared": ["shared"]}[mode], line)


class Network(cli.Network):
    port = 18082

    def test_slirp4netns(self):
        name = self.published("slirp4netns", read_url)
        self.assertIn("inet 10.0.2.100/24", self.quiet("exec", name, "ip", "address", "show", "tap0"))
        self.remove(name)


if __name__ == "__main__":
    engine.main(UsersPodman)
