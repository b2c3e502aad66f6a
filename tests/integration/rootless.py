#!/usr/bin/python3
"""orlop called by an ordinary user."""

import errno
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, need_time_namespaces, quick, skip  # noqa: E402
from harness.runtime import Runtime  # noqa: E402

USER = 54321  # nobody in particular
SUB = 700000


def become(group=None):
    """What is put in front of a command line: a fork of this program takes half a second in a guest of the lab."""
    enter = ["/bin/sh", "-c", 'echo 0 >"$0"/cgroup.procs && exec "$@"', group] if group else []
    return [*enter, "/usr/bin/setpriv", "--reuid=%d" % USER, "--regid=%d" % USER, "--clear-groups", "--"]


class UsersRuntime(Runtime):
    group = None
    variables = {}

    def argv(self, *words, options=()):
        return [*become(self.group), *super().argv(*words, options=options)]

    def environment(self):
        return program.environment(**self.variables)

    def call(self, *words, options=(), **how):
        how.setdefault("env", self.environment())
        return super().call(*words, options=options, **how)


class UserCase(ContainerCase):
    def setUp(self):
        super().setUp()
        os.chown(self.directory, USER, USER)
        self.runtime = UsersRuntime(os.path.join(self.directory, "root"))
        self.runtime.variables = {"XDG_RUNTIME_DIR": self.directory}

    def rootless(self, change=None):
        """The config that "spec --rootless" writes, in the bundle of the tests."""
        def changed(bundle):
            there = os.path.join(self.directory, "spec")
            if not os.path.isdir(there):
                os.mkdir(there)
                os.chown(there, USER, USER)
                self.runtime.ok("spec", "--rootless", "--bundle", there)
            with open(os.path.join(there, "config.json")) as file:
                bundle.config = json.load(file)
            bundle.process["terminal"] = False
            if change:
                change(bundle)
            for path, directories, files in os.walk(bundle.path):
                for name in ["."] + directories:
                    os.lchown(os.path.join(path, name), USER, USER)
        return changed

    def bundle(self, *args, change=None, write=True):
        def changed(bundle):
            words = bundle.process["args"]
            (change or self.rootless())(bundle)
            bundle.process["args"] = words
        return super().bundle(*args, change=changed, write=write)


class Rootless(UserCase):
    @quick
    def test_what_spec_writes_runs(self):
        uids, gids, deny, status = self.lines("read", "/proc/self/uid_map", "+", "read", "/proc/self/gid_map", "+", "read",
                                              "/proc/self/setgroups", "+", "read", "/proc/self/status")
        self.assertEqual(uids["text"].split(), ["0", str(USER), "1"])
        self.assertEqual(gids["text"].split(), ["0", str(USER), "1"])
        self.assertEqual(deny["text"], "deny\n")
        self.assertIn("Uid:\t0\t0\t0\t0", status["text"])
        report = self.report("namespaces", "devices")
        self.assertEqual(report["namespaces"]["net"], os.readlink("/proc/self/ns/net"))
        self.assertEqual(report["devices"]["null"]["minor"], 3)
        self.assert_nothing_left()

    def test_nothing_of_the_hosts_cgroups_can_be_written(self):
        """CVE-2023-25809: least of all without a cgroup namespace, where the host's whole tree is seen."""
        for own in (True, False):
            def change(bundle):
                bundle.own_cgroup_namespace() if own else bundle.drop_namespace("cgroup")
            with self.subTest(own_namespace=own):
                mounts = self.report("mounts", change=self.rootless(change))["mounts"]
                below = [mount["target"] for mount in mounts if mount["target"].startswith("/sys")]
                self.assertTrue(below)
                for mount in mounts:
                    if mount["target"] in below:
                        self.assertIn("ro", mount["options"], mount)
                for row in self.lines(*self.attempts(below), change=self.rootless(change)):
                    self.assertIn(row["errno"], (errno.EROFS, errno.ENOENT, errno.EACCES, errno.EPERM), row)

    @staticmethod
    def attempts(places):
        words = []
        for place in places:
            for action in ("create %s/x", "write %s/cgroup.procs 0", "write %s/release_agent /x"):
                words += ["+", *(action % place).split()]
        return words[1:]

    def has_own_state_root(self, **variables):
        """Whether root of an ordinary user's user namespace has its state below XDG_RUNTIME_DIR; Podman calls so."""
        def inside(bundle):
            for name in ("uidMappings", "gidMappings"):
                bundle.linux[name] = [{"containerID": 0, "hostID": 0, "size": 1}]
        bundle = self.bundle("/bin/probe", "exit", "0", change=self.rootless(inside))
        argv = ["unshare", "--user", "--map-root-user", self.runtime.executable, "run", "--bundle", bundle.path, self.new_id()]
        result = program.run([*become(), *argv], env=program.environment(XDG_RUNTIME_DIR=self.directory, **variables))
        there = os.path.join(self.directory, "orlop")
        self.assertEqual(result.status == 0, os.path.isdir(there), str(result))
        return os.path.isdir(there) and os.rmdir(there) is None

    def test_the_default_state_root_inside_a_user_namespace(self):
        self.assertTrue(self.has_own_state_root(USER=None))
        self.assertTrue(self.has_own_state_root(USER="sailor"))
        self.assertFalse(self.has_own_state_root(USER="root"))

    def test_life_of_a_container_in_the_default_state_root(self):
        runtime = self.runtime
        runtime.argv = lambda *words, options=(): [*become(), runtime.executable, *options, *words]
        name, _ = self.create("/bin/probe", "sleep")
        status = os.stat(os.path.join(self.directory, "orlop"))
        self.assertEqual((status.st_uid, status.st_mode & 0o7777), (USER, 0o1700))
        self.assertEqual(runtime.status(name), "created")
        runtime.ok("start", name)
        self.assertIn(name, runtime.ok("list", "--quiet").stdout)
        result = runtime.ok("exec", name, "/bin/probe", "report", "namespaces")
        pid = self.pid_of(name)
        for file, there in json.loads(result.stdout)["namespaces"].items():
            self.assertEqual(there, os.readlink("/proc/%d/ns/%s" % (pid, file)), file)
        text = json.loads(runtime.ok("exec", name, "/bin/probe", "read", "/proc/self/status").stdout)["text"]
        self.assertIn("Uid:\t0\t0\t0\t0", text)
        self.assertEqual(runtime.call("exec", name, "/bin/probe", "exit", "7").status, 7)
        self.end(name)
        self.assertIsNone(runtime.status(name))

    def test_exec_into_one_that_is_not_started(self):
        name, _ = self.create("/bin/probe", "sleep")
        result = self.runtime.call("exec", name, "/bin/true")
        self.assertEqual(result.status, 255, str(result))
        self.assertIn("hint: only root can exec into a container that has not been started", result.stderr)

    def test_new_namespaces_of_every_kind(self):
        def change(bundle):
            need_time_namespaces()
            bundle.linux["namespaces"] += [{"type": "network"}, {"type": "time"}]
            bundle.linux["timeOffsets"] = {"boottime": {"secs": 86400}}
        report = self.report("namespaces", change=self.rootless(change))["namespaces"]
        for file in ("user", "pid", "net", "ipc", "uts", "mnt", "cgroup", "time"):
            self.assertNotEqual(report[file], os.readlink("/proc/self/ns/" + file), file)

    def test_the_log_says_that_there_is_no_cgroup(self):
        result = self.run_container("/bin/true", options=["--debug"])
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("no cgroup /sys/fs/cgroup/", result.stderr)

    def test_limits_need_a_cgroup(self):
        def change(bundle):
            bundle.linux["resources"] = {"pids": {"limit": 5}}
        result = self.run_container("/bin/true", change=self.rootless(change))
        self.assert_one_line(result, "linux.resources.pids: needs the cgroup", "cannot be written by this user")
        result = self.run_container("/bin/true", options=["--rootless=false"])
        self.assertNotEqual(result.status, 0)
        result = self.run_container("/bin/true", options=["--rootless", "maybe"])
        self.assert_one_line(result, "unknown value \"maybe\" of --rootless")

    def test_user_namespaces_are_switched_off(self):
        """For one user namespace alone, not for the machine."""
        switch = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
        off = ["unshare", "--user", "--map-root-user", "/bin/sh", "-c", switch, "sh"]

        def inside(bundle):
            for name in ("uidMappings", "gidMappings"):
                bundle.linux[name] = [{"containerID": 0, "hostID": 0, "size": 1}]
        bundle = self.bundle("/bin/true", change=self.rootless(inside))
        argv = Runtime.argv(self.runtime, "run", "--bundle", bundle.path, self.new_id())
        result = program.run([*become(), *off, *argv], env=self.runtime.environment())
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "clone3(CLONE_NEWUSER")
        self.assertIn("hint: user namespaces are switched off by /proc/sys/user/max_user_namespaces", result.stderr)

    def test_they_are_roots_alone(self):
        """As Debian's kernel can have it; tried in a guest, for it is the machine's own setting."""
        switch = "/proc/sys/kernel/unprivileged_userns_clone"
        if not os.path.exists(switch) or not os.path.isdir("/run/lab"):
            skip("not a guest of the lab, or a kernel without %s" % switch)

        def write(text):
            with open(switch, "w") as file:
                file.write(text)
        bundle = self.bundle("/bin/true")
        self.addCleanup(write, "1")
        write("0")
        result = self.runtime.call("run", "--bundle", bundle.path, self.new_id())
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "operation not permitted")
        self.assertIn("hint: user namespaces are root's alone by " + switch, result.stderr)

    def test_proc_that_hides_the_containers_init(self):
        """hidepid: one that is created would look as if it had stopped, and delete would leave it behind."""
        hiding = ["unshare", "--mount", "/bin/sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "sh"]

        def hidden(*words):
            return program.run([*hiding, *self.runtime.argv(*words)], env=self.runtime.environment())
        bundle = self.bundle("/bin/probe", "sleep")
        result = hidden("create", "--bundle", bundle.path, self.new_id())
        self.assertEqual(result.status, 1, str(result))
        self.assert_one_line(result, "/proc hides process ", "hidepid")
        self.assert_nothing_left()
        name = self.new_id()
        result = hidden("run", "--detach", "--bundle", bundle.path, name)  # that is seen again, if it was seen at its birth
        self.assertEqual(hidden("delete", "--force", name).status, 0, str(result))
        self.assert_nothing_left()
        name = self.new_id()
        self.runtime.ok("create", "--bundle", bundle.path, name)
        for words in (("state",), ("delete", "--force"), ("start",)):
            result = hidden(*words, name)
            self.assertEqual(result.status, 1, str(result))
            self.assert_one_line(result, "/proc hides process ", "hidepid")
        self.runtime.ok("start", name)
        self.assertIn('"running"', hidden("state", name).stdout)
        self.end(name)

    def test_without_a_user_namespace(self):
        def change(bundle):
            bundle.drop_namespace("user")
            del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
        """One is added, as crun has it, with the ids that are the user's; exec and mounts find it."""
        result = self.run_container("/bin/probe", "read", "/proc/self/uid_map", change=self.rootless(change))
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("a user namespace is added", result.stderr)
        self.assertIn(" %d " % USER, json.loads(result.stdout)["text"].replace("\n", " "))
        name = self.start_sleeper(self.rootless(change))
        self.assertNotEqual(os.readlink("/proc/%d/ns/user" % self.pid_of(name)), os.readlink("/proc/self/ns/user"))
        self.assertEqual(self.runtime.ok("exec", name, "/bin/sh", "-c", "echo $$").status, 0)
        runtime = Runtime(self.runtime.root)
        self.assertEqual(runtime.ok("exec", name, "/bin/sh", "-c", "cd / && pwd").stdout, "/\n")
        self.runtime.ok("mounts", "add", name, "-", data=b'[{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]')
        self.end(name)

    def test_nobody_looks_into_a_process_before_its_execve(self):
        name = self.start_sleeper(self.rootless(lambda bundle: bundle.grant("CAP_SYS_PTRACE")))
        self.assertEqual(self.hunted(name, lambda: [self.runtime.ok("exec", name, "/bin/true") for _ in range(40)]), [])

    def test_joining_the_user_namespace_of_another_container(self):
        donor = self.pid_of(self.start_sleeper())

        def change(bundle):
            bundle.drop_namespace("user")
            bundle.linux["namespaces"].append({"type": "user", "path": "/proc/%d/ns/user" % donor})
            del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
        name = self.start_sleeper(self.rootless(change))
        for file in ("user", "pid"):
            same = os.readlink("/proc/%d/ns/%s" % (donor, file)) == os.readlink("/proc/%d/ns/%s" % (self.pid_of(name), file))
            self.assertEqual(same, file == "user")
        self.runtime.ok("exec", name, "/bin/true")

    def test_a_binary_that_can_be_executed_but_not_read(self):
        copy = os.path.join(self.directory, "orlop")
        shutil.copy(settings.ORLOP, copy)
        os.chown(copy, 0, 0)
        os.chmod(copy, 0o711)
        self.runtime.executable = copy
        result = self.run_container("/bin/true")
        self.assertEqual(result.status, 0, str(result))

    def test_its_own_binary_cannot_be_written(self):
        """It belongs to the user, and so to the container's root: re-executed from a sealed copy."""
        copy = os.path.join(self.directory, "own")
        shutil.copy(settings.ORLOP, copy)
        os.chown(copy, USER, USER)
        self.runtime.executable = copy
        with open(copy, "rb") as file:
            before = file.read()
        result = self.run_container("/proc/self/exe", "--version", change=self.rootless())
        self.assertIn("orlop version", result.stdout, str(result))
        with open(copy, "rb") as file:
            self.assertEqual(file.read(), before)

    def given(self, *below):
        """A cgroup that is the user's, and those below it; the user calls from the last one. Its directory."""
        if cgroup.layout() != "v2":
            skip("there is no delegation with version 1")
        group = "/sys/fs/cgroup/%suser" % settings.TAG
        for path in (group, *(group + "/" + one for one in below)):
            os.mkdir(path)
            self.addCleanup(os.rmdir, path)
            os.chown(path, USER, USER)
            for file in ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
                os.chown(os.path.join(path, file), USER, USER)
            self.runtime.group = path
        return group

    def place_of(self, name):
        with open("/proc/%d/cgroup" % self.pid_of(name)) as file:
            return [line.rstrip("\n")[3:] for line in file if line.startswith("0::")][0]

    def check_default(self, *below):
        group = self.given(*below)
        name = self.start_sleeper(self.rootless())
        self.assertEqual(self.place_of(name), "%s/%s" % (group[len("/sys/fs/cgroup"):], name))
        self.runtime.ok("pause", name)
        self.runtime.ok("resume", name)
        self.runtime.ok("exec", name, "/bin/true")
        self.end(name)
        self.assertFalse(os.path.exists("%s/%s" % (group, name)))

    def test_the_default_is_beside_the_users_own(self):
        self.check_default("session")

    def test_limits_beside_the_users_own(self):
        group = self.given("session")
        if "pids" not in cgroup.controllers():
            skip("pids is not of version 2 here")
        name = self.start_sleeper(self.rootless(lambda bundle: bundle.linux.update(resources={"pids": {"limit": 100}})))
        file = "%s/%s/pids.max" % (group, name)
        with open(file) as opened:
            self.assertEqual(opened.read(), "100\n")
        self.runtime.ok("update", "--pids-limit", "50", name)
        with open(file) as opened:
            self.assertEqual(opened.read(), "50\n")
        self.end(name)

    def test_the_default_is_below_the_users_own(self):
        """What is beside it is not the user's. Its processes are in the way of limits."""
        self.check_default()
        if "pids" not in cgroup.controllers():
            return
        result = self.run_container("/bin/true", change=self.rootless(
            lambda bundle: bundle.linux.update(resources={"pids": {"limit": 100}})))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "cgroup: write(", "/cgroup.subtree_control", "+pids", "device or resource busy")
        self.assertIn("hint: that cgroup has processes of its own", result.stderr)

    def test_the_default_is_never_the_users_own(self):
        group = self.given("session")
        bundle = self.bundle("/bin/probe", "sleep", change=self.rootless())
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, "session")
        self.assertEqual(self.place_of("session"), group[len("/sys/fs/cgroup"):] + "/session/session")
        self.end("session")

    def test_a_cgroup_that_was_given_to_the_user(self):
        group = self.given("session")

        def change(bundle):
            bundle.linux["cgroupsPath"] = group[len("/sys/fs/cgroup"):] + "/web"
        name = self.start_sleeper(self.rootless(change))
        self.assertEqual(self.place_of(name), group[len("/sys/fs/cgroup"):] + "/web")
        self.runtime.ok("exec", name, "/bin/true")
        self.runtime.ok("pause", name)
        self.runtime.ok("resume", name)
        self.end(name)
        self.assertFalse(os.path.exists(group + "/web"))


class Nested(ContainerCase):
    """orlop as root of a user namespace that somebody else has made, as in a rootless engine."""

    def in_namespace(self, uids, bundle):
        """Runs it there; the maps are written from outside."""
        ready, go = os.pipe(), os.pipe()

        def before():
            kernel.unshare(kernel.CLONE_NEWNS | 0x10000000)  # CLONE_NEWUSER
            os.write(ready[1], str(os.getpid()).encode())
            os.read(go[0], 1)
            if "\n" in uids:
                os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)

        child = os.fork()
        if child == 0:
            pid = int(os.read(ready[0], 20))
            if "\n" not in uids:
                with open("/proc/%d/setgroups" % pid, "w") as file:
                    file.write("deny")
            for name in ("uid_map", "gid_map"):
                with open("/proc/%d/%s" % (pid, name), "w") as file:
                    file.write(uids)
            os.write(go[1], b"x")
            os._exit(0)
        try:
            return self.runtime.call("run", "--bundle", bundle.path, self.new_id(), before=before)
        finally:
            os.waitpid(child, 0)
            for end in ready + go:
                os.close(end)

    def nested(self, uids):
        def change(bundle):
            for entry in bundle.config["mounts"]:
                entry["options"] = [word for word in entry.get("options", []) if not word.startswith("gid=")]
            for path, directories, files in os.walk(bundle.path):
                for name in ["."] + directories:
                    os.lchown(os.path.join(path, name), USER, USER)
        os.chown(self.directory, USER, USER)
        result = self.in_namespace(uids, self.bundle("/bin/probe", "report", "devices", change=change))
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(json.loads(result.stdout)["devices"]["null"]["minor"], 3)

    def test_with_ranges(self):
        self.nested("0 %d 1\n1 %d 1000" % (USER, SUB))

    def test_with_one_id(self):
        self.nested("0 %d 1" % USER)


class Helpers(UserCase):
    """newuidmap and newgidmap of package uidmap."""

    def ranges(self, first=SUB):
        def change(bundle):
            maps = [{"containerID": 0, "hostID": USER, "size": 1}, {"containerID": 1, "hostID": first, "size": 1000}]
            bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = maps
            bundle.process["user"] = {"uid": 5, "gid": 7, "additionalGids": [9]}
        return self.rootless(change)

    def plant(self, path, text):
        """A file of /etc that only this test sees."""
        copy = os.path.join(self.directory, os.path.basename(path))
        with open(copy, "w") as file:
            file.write(text)
        subprocess.run(["mount", "--bind", copy, path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)

    def need_helpers(self):
        if not shutil.which("newuidmap"):
            skip("newuidmap is not installed (package uidmap)")
        with open("/etc/passwd") as file:
            self.plant("/etc/passwd", file.read() + "sailor:x:%d:%d::/:/bin/sh\n" % (USER, USER))
        for path in ("/etc/subuid", "/etc/subgid"):
            if not os.path.exists(path):
                skip("there is no " + path)
            self.plant(path, "sailor:%d:65536\n" % SUB)

    def test_without_them(self):
        self.runtime.variables["PATH"] = "/nowhere"
        result = self.run_container("/bin/true", change=self.ranges())
        self.assert_one_line(result, "linux.uidMappings: newuidmap is needed to map more than the own id")
        self.assertIn("hint: package uidmap has it", result.stderr)
        self.assert_nothing_left()

    def test_ranges(self):
        self.need_helpers()
        uids, gids, status = self.lines("read", "/proc/self/uid_map", "+", "read", "/proc/self/gid_map", "+", "read",
                                        "/proc/self/status", change=self.ranges())
        for text in (uids["text"], gids["text"]):
            self.assertEqual(text.split(), ["0", str(USER), "1", "1", str(SUB), "1000"])
        self.assertIn("Uid:\t5\t5\t5\t5", status["text"])
        self.assertIn("Groups:\t9 \n", status["text"])

    def test_exec_and_kill(self):
        self.need_helpers()
        name = self.start_sleeper(self.ranges())
        text = json.loads(self.runtime.ok("exec", "--user", "8:8", name, "/bin/probe", "read", "/proc/self/status").stdout)["text"]
        self.assertIn("Uid:\t8\t8\t8\t8", text)
        self.end(name)

    def test_helpers_that_may_not_map(self):
        """Copied without its set-user-ID bit or its capability."""
        self.need_helpers()
        for name in ("newuidmap", "newgidmap"):
            shutil.copyfile(shutil.which(name), os.path.join(self.directory, name))
            os.chmod(os.path.join(self.directory, name), 0o755)
        self.runtime.variables["PATH"] = self.directory
        result = self.run_container("/bin/true", change=self.ranges())
        self.assert_one_line(result, "linux.uidMappings: newuidmap: ")
        self.assertIn("hint: %s/newuidmap has to be set-user-ID root" % self.directory, result.stderr)
        self.assertEqual(self.runtime.entries(), [])

    def test_a_user_without_an_entry(self):
        self.need_helpers()
        for path in ("/etc/subuid", "/etc/subgid"):
            self.plant(path, "mate:%d:65536\n" % SUB)
        result = self.run_container("/bin/true", change=self.ranges())
        self.assert_one_line(result, "linux.uidMappings: newuidmap: uid range", "not allowed")
        self.assertIn("hint: the ids that a user may map are listed in /etc/subuid, a line NAME:FIRST:COUNT",
                      result.stderr)

    def test_ids_of_others(self):
        self.need_helpers()
        result = self.run_container("/bin/true", change=self.ranges(first=1))
        self.assert_one_line(result, "linux.uidMappings: newuidmap: uid range", "not allowed")
        self.assertIn("hint: the ids that a user may map are listed in /etc/subuid", result.stderr)
        self.assertEqual(self.runtime.entries(), [])


if __name__ == "__main__":
    runner.main()
