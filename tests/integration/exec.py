#!/usr/bin/python3
"""exec: a process beside a container's init."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402
from harness.console import ConsoleSocket  # noqa: E402
from harness.terminal import Session  # noqa: E402


class ExecCase(ContainerCase):
    def exec(self, name, *words, options=(), **how):
        return self.runtime.call("exec", *options, name, *words, **how)

    def seen(self, name, *sections, options=(), **how):
        result = self.exec(name, "/bin/probe", "report", *sections, options=options, **how)
        self.assertEqual(result.status, 0, str(result))
        return json.loads(result.stdout)

    def process_file(self, **members):
        path = os.path.join(self.directory, "process.json")
        process = {"args": ["/bin/true"], "cwd": "/", "user": {"uid": 0, "gid": 0}}
        process.update(members)
        with open(path, "w") as file:
            json.dump(process, file)
        return path

    def refused(self, name, *words, options=(), **how):
        """255, one line, and no process more than before."""
        result = self.exec(name, *words, options=options, **how)
        self.assertEqual(result.status, 255, str(result))
        return self.assert_one_line(result)


class Place(ExecCase):
    @quick
    def test_in_every_namespace_and_cgroup_of_init(self):
        def all_kinds(bundle):
            bundle.own_cgroup_namespace()
        name = self.start_sleeper(change=all_kinds)
        init = self.pid_of(name)
        command = self.runtime.argv("exec", name, "/bin/probe", "say", "up", "+", "sleep")
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"up\n")
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
            pid = int(file.read())
        for kind in sorted(os.listdir("/proc/%d/ns" % init)):
            both = [os.readlink("/proc/%d/ns/%s" % (each, kind)) for each in (init, pid)]
            self.assertEqual(both[0], both[1], kind)
        cgroups = [open("/proc/%d/cgroup" % each).read() for each in (init, pid)]
        self.assertEqual(cgroups[0], cgroups[1])
        self.assertEqual(os.stat("/proc/%d/root" % init).st_ino, os.stat("/proc/%d/root" % pid).st_ino)
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(process.wait(10), 137)

    def test_only_the_standard_streams_are_open(self):
        name = self.start_sleeper()
        leaks = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(5)]
        fds = self.seen(name, "fds", pass_fds=leaks)["fds"]
        for leak in leaks:
            os.close(leak)
        self.assertEqual(len(fds), 3, fds)

    def test_into_a_created_container(self):
        name, _ = self.create("/bin/probe", "sleep")
        self.assertEqual(self.exec(name, "/bin/true").status, 0)
        self.assertEqual(self.runtime.status(name), "created")

    def test_of_many_callers_at_once(self):
        name = self.start_sleeper()
        calls = [subprocess.Popen(self.runtime.argv("exec", name, "/bin/probe", "exit", str(number)))
                 for number in range(20)]
        self.assertEqual([call.wait(30) for call in calls], list(range(20)))
        self.assertEqual(self.runtime.status(name), "running")


class Status(ExecCase):
    @quick
    def test_exit_code(self):
        name = self.start_sleeper()
        self.assertEqual(self.exec(name, "/bin/probe", "exit", "7").status, 7)
        self.assertEqual(self.exec(name, "/bin/probe", "signal", "15").status, 128 + 15)

    @quick
    def test_words_that_engines_look_for(self):
        name = self.start_sleeper()
        self.assertIn("executable file not found in $PATH", self.refused(name, "nope"))
        self.assertIn("no such file or directory", self.refused(name, "/nope"))
        self.assertIn("permission denied", self.refused(name, "/etc/passwd"))

    def test_containers_that_take_none(self):
        self.assertIn("container does not exist", self.refused("nobody", "/bin/true"))
        name = self.start_sleeper()
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.assertIn("cannot exec in a stopped container", self.refused(name, "/bin/true"))

    def test_of_orlops_own_failure_before_anything(self):
        name = self.start_sleeper()
        for words in ((), ("--no-such-option", name, "/bin/true"), (name,), ("--user",)):
            self.assertEqual(self.runtime.call("exec", *words).status, 255, words)


class Flags(ExecCase):
    @quick
    def test_user(self):
        name = self.start_sleeper()
        for text, uid, gid in (("1", 1, 0), ("1000:1001", 1000, 1001), ("0:5", 0, 5)):
            user = self.seen(name, "user", options=("--user", text))["user"]
            self.assertEqual((user["uids"], user["gids"]), ([uid] * 3, [gid] * 3), text)
        for text in ("", "x", "1x", "-1", "1:", ":1", "4294967295", "4294967296", "sailor", "1:1:1", " 1", "+1"):
            self.assertIn("--user", self.refused(name, "/bin/true", options=("--user", text)))

    def test_a_numeric_user_is_never_a_name(self):
        def planted(bundle):
            with open(os.path.join(bundle.rootfs, "etc", "passwd"), "a") as file:
                file.write("1000:x:0:0::/:/bin/sh\n")
        name = self.start_sleeper(change=planted)
        self.assertEqual(self.seen(name, "user", options=("--user", "1000"))["user"]["uids"], [1000] * 3)

    def test_groups(self):
        name = self.start_sleeper()
        user = self.seen(name, "user", options=("-g", "5", "--additional-gids", "7"))["user"]
        self.assertEqual(sorted(user["groups"]), [5, 7])

    def test_environment(self):
        def named(bundle):
            bundle.process["env"] = ["PATH=/bin", "SHIP=old"]
        name = self.start_sleeper(change=named)
        env = self.seen(name, "env", options=("-e", "SHIP=new", "--env", "EMPTY="))["env"]
        self.assertEqual(sorted(env), ["EMPTY=", "HOME=/root", "PATH=/bin", "SHIP=new"])
        self.refused(name, "/bin/true", options=("-e", "NOTHING"))

    def test_working_directory(self):
        name = self.start_sleeper()
        self.assertEqual(self.seen(name, "cwd", options=("--cwd", "/tmp"))["cwd"], "/tmp")
        self.refused(name, "/bin/true", options=("--cwd", "tmp"))

    def test_capabilities(self):
        name = self.start_sleeper()
        result = self.exec(name, "/bin/cat", "/proc/self/status", options=("--cap", "CAP_SYS_TIME"))
        sets = dict(line.split(":\t") for line in result.stdout.splitlines() if line.startswith("Cap"))
        self.assertEqual(int(sets["CapInh"], 16), 0)
        self.assertEqual(int(sets["CapAmb"], 16), 0)
        for kind in ("CapEff", "CapPrm", "CapBnd"):
            self.assertTrue(int(sets[kind], 16) >> 25 & 1, kind)
        self.assertIn("--cap", self.refused(name, "/bin/true", options=("--cap", "CAP_NONE")))

    def test_options_end_at_the_id(self):
        name = self.start_sleeper()
        result = self.exec(name, "/bin/echo", "--detach", "-t", "x")
        self.assertEqual(result.stdout, "--detach -t x\n")

    def test_no_new_privileges(self):
        def without(bundle):
            bundle.process["noNewPrivileges"] = False
        name = self.start_sleeper(change=without)
        for options, expected in (((), "0"), (("--no-new-privs",), "1")):
            result = self.exec(name, "/bin/cat", "/proc/self/status", options=options)
            self.assertIn("NoNewPrivs:\t%s\n" % expected, result.stdout)

    def test_cgroup(self):
        name = self.start_sleeper()
        text = self.refused(name, "/bin/true", options=("--cgroup", "../x"))
        self.assertIn("\"../x\": `..` components are not allowed: one leads out", text)
        self.refused(name, "/bin/true", options=("--cgroup", "none-such"))
        self.refused(name, "/bin/true", options=("--cgroup", "nocontroller:/"))
        self.assertEqual(self.exec(name, "/bin/true", options=("--cgroup", "/")).status, 0)

    def test_cgroup_of_one_hierarchy(self):
        """Where the others have no such directory."""
        name = self.start_sleeper()
        own = self.own_cgroups(name)
        key = next((key for key in own if "pids" in key.split(",")), None)
        if key is None or len(own) == 1:
            self.skipTest("one hierarchy")
        os.mkdir(os.path.join(own[key], "sub"))
        lines = self.exec(name, "/bin/cat", "/proc/self/cgroup", options=("--cgroup", "sub")).stdout.splitlines()
        self.assertEqual([line.endswith("/sub") for line in lines].count(True), 1, lines)

    def test_a_missing_working_directory(self):
        """Only the container's own process has it made."""
        name = self.start_sleeper()
        text = self.refused(name, "/bin/true", options=("--cwd", "/var/none"))
        self.assertIn("process.cwd /var/none: chdir(\"/var/none\"): no such file or directory", text)

    def own_cgroups(self, name):
        """Its directory in each hierarchy of this view, by the hierarchy's key."""
        own = cgroup.own(self.pid_of(name))
        return {key: cgroup.path_of(key, own[key]) for key in cgroup.hierarchies()}

    def test_a_cgroup_below(self):
        name = self.start_sleeper()
        for key, directory in self.own_cgroups(name).items():
            os.mkdir(os.path.join(directory, "batch"))
            for file in ("cpuset.cpus", "cpuset.mems") if "cpuset" in key.split(",") else ():
                with open(os.path.join(directory, file)) as above, open(os.path.join(directory, "batch", file), "w") as below:
                    below.write(above.read())
        result = self.exec(name, "/bin/cat", "/proc/self/cgroup", options=("--cgroup", "batch"))
        self.assertEqual(result.status, 0, str(result))
        paths = dict(line.split(":", 2)[1:] for line in result.stdout.splitlines())
        for key in cgroup.hierarchies():
            self.assertTrue(paths[key].endswith("/batch"), key)
        self.end(name)
        self.assert_nothing_left()

    def test_a_cgroup_below_of_one_controller(self):
        if "pids" not in cgroup.hierarchies():
            skip("no v1 hierarchy of pids here")
        name = self.start_sleeper()
        os.mkdir(os.path.join(self.own_cgroups(name)["pids"], "batch"))
        result = self.exec(name, "/bin/cat", "/proc/self/cgroup", options=("--cgroup", "pids:/batch"))
        paths = dict(line.split(":", 2)[1:] for line in result.stdout.splitlines())
        self.assertTrue(paths["pids"].endswith("/batch"))
        self.assertEqual([key for key in paths if paths[key].endswith("/batch")], ["pids"])
        self.end(name)

    def test_beside_an_init_that_has_made_cgroups_of_its_own(self):
        """As systemd does: the container's own v2 cgroup takes no processes any more."""
        name = self.start_sleeper()
        directory = self.own_cgroups(name).get("")
        if not directory or "hugetlb" not in open(os.path.join(directory, "cgroup.controllers")).read().split():
            skip("no controller in the container's v2 cgroup here")
        os.mkdir(os.path.join(directory, "init.scope"))
        for file, text in (("init.scope/cgroup.procs", str(self.pid_of(name))), ("cgroup.subtree_control", "+hugetlb")):
            with open(os.path.join(directory, file), "w") as opened:
                opened.write(text)
        result = self.exec(name, "/bin/cat", "/proc/self/cgroup")
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("/init.scope\n", result.stdout)
        result = self.exec(name, "/bin/true", options=("--cgroup", "/"))
        self.assertNotEqual(result.status, 0)
        self.end(name)
        self.assert_nothing_left()

    def test_beside_an_init_that_was_moved_away(self):
        """The container's own v2 cgroup is gone."""
        if "" not in cgroup.hierarchies():
            skip("no version 2 here")
        name = self.start_sleeper()
        pid, own = self.pid_of(name), self.own_cgroups(name)[""]
        path = "/" + self.new_id()
        other = cgroup.path_of("", path)
        os.mkdir(other)
        self.addCleanup(os.rmdir, other)
        for directory, is_left in ((other, True), (cgroup.hierarchies()[""], False)):
            with open(os.path.join(directory, "cgroup.procs"), "w") as file:
                file.write(str(pid))
            if is_left:
                os.rmdir(own)
            result = self.exec(name, "/bin/cat", "/proc/self/cgroup", "/proc/1/cgroup")
            self.assertEqual(result.status, 0, str(result))
            seen = [line for line in result.stdout.splitlines() if line.startswith("0::")]
            self.assertEqual(seen, ["0::/.." + (path if is_left else "")] * 2)
        self.end(name)


class Vanishing(ExecCase):
    def test_a_container_that_is_removed_meanwhile(self):
        """However far exec has come: it has run, was killed, or says that the container is gone."""
        seen = set()
        for number in range(20):
            name = self.start_sleeper()
            deletion = subprocess.Popen(self.runtime.argv("delete", "--force", name))
            time.sleep(0.003 * (number % 10))
            calls = [subprocess.Popen(self.runtime.argv("exec", name, "/bin/true"), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
            self.assertEqual(deletion.wait(20), 0)
            for call in calls:
                text = call.communicate(timeout=20)[1]
                self.assertIn(call.returncode, (0, 137, 255), text)
                if call.returncode != 255:
                    self.assertEqual(text, "")
                    continue
                self.assertRegex(text, r"\Aorlop: exec %s: [^\n]+\n\Z" % name)
                self.assertRegex(text, "container does not exist|cannot exec in a stopped container|was killed by SIGKILL")
                seen.add(text.rpartition(": ")[2])
        self.assertTrue(seen, "none came too late")


class FromFile(ExecCase):
    @quick
    def test_process(self):
        name = self.start_sleeper()
        path = self.process_file(args=["/bin/probe", "report", "user", "cwd", "env"], cwd="/tmp", env=["A=b"],
                                 user={"uid": 1000, "gid": 1001, "additionalGids": [9]})
        result = self.exec(name, options=("--process", path))
        seen = json.loads(result.stdout)
        self.assertEqual(seen["user"], {"uids": [1000] * 3, "gids": [1001] * 3, "groups": [9]})
        self.assertEqual((seen["cwd"], sorted(seen["env"])), ("/tmp", ["A=b", "HOME=/home/sailor"]))

    def test_processors(self):
        """The config's execCPUAffinity holds for exec alone, a process of a file may have its own."""
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            skip("needs two processors")
        first, last = allowed[0], allowed[-1]
        final = {"initial": str(first), "final": str(last)}
        name = self.start_sleeper(change=lambda bundle: bundle.process.update(execCPUAffinity=final))
        self.assertEqual(sorted(os.sched_getaffinity(self.pid_of(name))), allowed)
        self.assertEqual(self.seen(name, "attributes")["attributes"]["affinity"], [last])
        path = self.process_file(args=["/bin/probe", "report", "attributes"], execCPUAffinity={"initial": str(first)})
        seen = json.loads(self.exec(name, options=("--process", path)).stdout)
        self.assertEqual(seen["attributes"]["affinity"], allowed, "those of the cgroup")

    def test_mistakes_are_named_with_their_place(self):
        name = self.start_sleeper()
        path = self.process_file(cwd="here")
        self.assertIn("process.json:1:", self.refused(name, options=("-p", path)))
        self.assertIn("not an absolute path", self.refused(name, options=("-p", path)))
        self.refused(name, "/bin/true", options=("-p", path))
        self.refused(name, options=("-p", path + ".none"))


class Detached(ExecCase):
    @quick
    def test_pid_file(self):
        name = self.start_sleeper()
        path = os.path.join(self.directory, "pid")
        result = self.exec(name, "/bin/probe", "sleep", options=("-d", "--pid-file", path))
        self.assertEqual(result.status, 0, str(result))
        with open(path) as file:
            pid = file.read()
        self.assertTrue(pid.isdigit(), repr(pid))
        # The channel closes in the middle of execve(2), before the kernel shows the arguments.
        program.until(lambda: _command_line(int(pid)) == b"/bin/probe\0sleep\0", "the program shows its arguments")
        os.kill(int(pid), signal.SIGKILL)
        self.wait_dead(int(pid))

    def test_no_pid_file_of_a_process_that_never_ran(self):
        name = self.start_sleeper()
        path = os.path.join(self.directory, "pid")
        self.refused(name, "/nope", options=("-d", "--pid-file", path))
        self.assertFalse(os.path.exists(path))

    def test_a_pid_file_of_a_process_that_ended_at_once(self):
        name = self.start_sleeper()
        path = os.path.join(self.directory, "pid")
        self.assertEqual(self.exec(name, "/bin/true", options=("-d", "--pid-file", path)).status, 0)
        self.assertTrue(os.path.exists(path))


class Terminals(ExecCase):
    @quick
    def test_on_a_terminal(self):
        name = self.start_sleeper()
        session = Session(self.runtime.argv("exec", "-t", name, "/bin/probe", "report", "terminals"), rows=33, columns=99)
        self.addCleanup(session.close)
        self.assertEqual(session.wait(), 0)
        self.assertIn(b"/dev/pts/", session.seen)

    def test_job_control(self):
        name = self.start_sleeper()
        session = Session(self.runtime.argv("exec", "-t", name, "/bin/sh"))
        self.addCleanup(session.close)
        session.type("sleep 100\n")
        # Not init, which sleeps as well: before the shell's child, the terminal may not be the container's yet.
        program.until(lambda: b"sleep\x00100" in _command_line(_newest(self.pid_of(name))),
                      "the shell's child runs")
        session.type("\x03")
        session.type("echo st''ill here; exit 4\n")
        self.assertEqual(session.wait(), 4)
        self.assertIn(b"still here", session.seen)

    def test_console_socket(self):
        name = self.start_sleeper()
        console = ConsoleSocket(self.directory)
        self.addCleanup(console.close)
        result = self.exec(name, "/bin/probe", "say", "ahoy", options=("-d", "-t", "--console-socket", console.path))
        self.assertEqual(result.status, 0, str(result))
        terminal = console.receive()
        self.addCleanup(terminal.close)
        terminal.read_until("ahoy")

    def test_combinations_that_cannot_be(self):
        name = self.start_sleeper()
        self.assertIn("console socket", self.refused(name, "/bin/true", options=("-d", "-t")))
        self.assertIn("console socket", self.refused(name, "/bin/true", options=("--console-socket", "/x")))


def _command_line(pid):
    with open("/proc/%d/cmdline" % pid, "rb") as file:
        return file.read()


def _newest(init):
    """The process of init's pid namespace that was made last."""
    space = os.readlink("/proc/%d/ns/pid" % init)
    found = [init]
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink("/proc/%s/ns/pid" % entry) == space:
                found.append(int(entry))
        except OSError:
            pass
    return max(found)


class Paused(ContainerCase):
    def test_is_refused(self):
        name = self.start_sleeper()
        self.runtime.ok("pause", name)
        result = self.runtime.call("exec", name, "/bin/true")
        self.assertEqual(result.status, 255)
        self.assert_one_line(result, "cannot exec in a paused container (use --ignore-paused to override)")
        self.runtime.ok("resume", name)
        self.runtime.ok("exec", name, "/bin/true")

    def test_waits_when_told_so(self):
        name = self.start_sleeper()
        self.runtime.ok("pause", name)
        argv = self.runtime.argv("exec", "--ignore-paused", name, "/bin/probe", "say", "thawed")
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as waiting:
            with self.assertRaises(subprocess.TimeoutExpired):
                waiting.wait(0.5)
            self.runtime.ok("resume", name)
            self.assertEqual((waiting.communicate(timeout=20)[0], waiting.returncode), ("thawed\n", 0))

    def test_waiting_can_be_given_up(self):
        """Where the freezer is version 1's, not even SIGKILL ends what it holds."""
        name = self.start_sleeper()
        self.runtime.ok("pause", name)
        argv = self.runtime.argv("exec", "--ignore-paused", name, "/bin/probe", "say", "thawed")
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
            self.addCleanup(self.runtime.call, "resume", name)
            with self.assertRaises(subprocess.TimeoutExpired):
                waiting.wait(0.5)
            waiting.terminate()
            try:
                waiting.wait(10)
            finally:
                waiting.kill()
            self.runtime.ok("resume", name)
            out, err = waiting.communicate(timeout=20)
        self.assertEqual((waiting.returncode, out), (128 + signal.SIGTERM, ""))
        self.assertIn("interrupted by SIGTERM", err)


if __name__ == "__main__":
    runner.main()
