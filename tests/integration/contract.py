#!/usr/bin/python3
"""What callers rely on: their command lines, word by word, and what they make of the answers. The parsers here do what those
of go-runc, containerd's shim, conmon, conmon-rs, Podman, CRI-O and moby do."""

import datetime
import glob
import json
import os
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402
from harness.console import ConsoleSocket  # noqa: E402

GLOBAL = "debug root: r: log: l: log-format: log-level: systemd-cgroup s cgroup-manager: rootless: systemd-log criu: version v V help h"
COMMON = "bundle: b: config: f: console-socket: c: pidfd-socket: pid-file: p: no-pivot no-new-keyring preserve-fds: no-subreaper help h"
# Every option of a command that runc, crun or youki has; a colon: it takes an argument.
OPTIONS = {
    "create": COMMON,
    "run": COMMON + " detach d keep",
    "exec": "console-socket: cwd: env: e: tty t process: p: detach d pid-file: no-new-privs preserve-fds: user: u: "
            "additional-gids: g: process-label: apparmor: cap: c: cgroup: ignore-paused pidfd-socket: no-subreaper help h",
    "kill": "all a regex r help h",
    "delete": "force f regex r help h",
    "list": "format: f: quiet q help h",
    "ps": "format: f: help h",
    "events": "stats interval: help h",
    "update": "resources: r: blkio-weight: cpu-period: cpu-quota: cpu-share: cpu-rt-period: cpu-rt-runtime: cpuset-cpus: "
              "cpuset-mems: memory: memory-reservation: memory-swap: pids-limit: cpu-burst: cpu-idle: kernel-memory: "
              "kernel-memory-tcp: l3-cache-schema: mem-bw-schema: help h",
    "completion": "shell: s: help h", "info": "help h",
    "spec": "bundle: b: rootless file: f: help h",
    "mounts": "help", "start": "help", "state": "help", "pause": "help", "resume": "help", "features": "help",
}
# Podman's order: the first that matches decides. They are looked for in the whole text, whatever its case.
PODMAN = ((126, r"permission denied|operation not permitted"),
          (127, r"executable file not found in|no such file or directory|open executable"))
NOT_FOUND_OF_CONTAINERD = ("os: process already finished", "container not running")
NOT_FOUND_OF_CRIO = ("no such process", "container not running", "invalid process")


def time_of(text):
    """RFC 3339, as Go parses it."""
    whole = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z", text)
    return datetime.datetime.strptime(whole.group(1), "%Y-%m-%dT%H:%M:%S")


def atoi(text):
    """strconv.Atoi, and parse() of conmon-rs: not even a newline."""
    return int(re.fullmatch(r"-?\d+", text).group())


def last_error(text):
    """containerd: all objects of the log, the last one whose level is exactly "error"."""
    message = None
    for line in text.splitlines():
        entry = json.loads(line)
        time_of(entry["time"])
        if entry["level"] == "error":
            message = entry["msg"]
    return message


def version_of_moby(text):
    """The last line with the word counts."""
    version = commit = None
    for line in text.strip().splitlines():
        if "version" in line:
            version = line.strip().rpartition(" ")[2]
        if line.startswith("commit:"):
            commit = line.strip().rpartition(" ")[2]
    return version, commit


def podman_status(text):
    return next((status for status, words in PODMAN if re.search(words, text, re.I)), 125)


def die_with_the_caller():
    kernel.prctl(1, signal.SIGKILL)



class ContractCase(ContainerCase):
    def process_file(self, *args, **members):
        path = os.path.join(self.directory, "process%d.json" % len(os.listdir(self.directory)))
        with open(path, "w") as file:
            json.dump(dict({"args": list(args), "cwd": "/", "user": {"uid": 0, "gid": 0}}, **members), file)
        return path

    def a_limit(self):
        """Resources of a controller that this view has."""
        if "pids" in cgroup.controllers():
            return {"pids": {"limit": 77}}
        return {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}

    def content(self, path):
        with open(path) as file:
            return file.read()


class CommandLine(ContractCase):
    @quick
    def test_every_option(self):
        """One with an argument says that it needs one, which is also what Podman looks for; a flag is taken."""
        for command, words in OPTIONS.items():
            for word in words.split():
                name = word.rstrip(":")
                option = "--" + name if len(name) > 1 else "-" + name
                with self.subTest(command + " " + option):
                    if word.endswith(":"):
                        result = program.run([settings.ORLOP, command, option])
                        self.assertRegex(result.stderr, "requires an argument|flag needs an argument")
                    else:
                        result = program.run([settings.ORLOP, command, option, "--help"])
                        self.assertEqual((result.status, result.stderr), (0, ""))

    @quick
    def test_every_global_option(self):
        for word in GLOBAL.split():
            name = word.rstrip(":")
            option = "--" + name if len(name) > 1 else "-" + name
            with self.subTest(option):
                if word.endswith(":"):
                    result = program.run([settings.ORLOP, option])
                    self.assertRegex(result.stderr, "requires an argument|flag needs an argument")
                else:
                    self.assertEqual(program.run([settings.ORLOP, option, "--help"]).status, 0)

    def test_short_names_mean_what_the_long_ones_do(self):
        log, pid = os.path.join(self.directory, "log"), os.path.join(self.directory, "pid")
        bundle = self.bundle("/bin/true", change=lambda bundle: bundle.process.update(terminal=True))
        console = ConsoleSocket(self.directory)
        self.addCleanup(console.close)
        name = self.new_id()
        result = program.run([settings.ORLOP, "-r", self.runtime.root, "-l", log, "create", "-b", bundle.path, "-p", pid,
                              "-c", console.path, name])
        self.assertEqual(result.status, 0, str(result))
        console.receive().close()
        self.assertEqual(self.content(pid), str(self.pid_of(name)))
        result = program.run([settings.ORLOP, "-r", self.runtime.root, "-l", log, "state", "nobody"])
        self.assertIn("container does not exist", self.content(log))

    def test_values_of_flags(self):
        """--tty=no and --rootless=true come from scripts for crun and from go-runc."""
        name = self.start_sleeper()
        self.runtime.ok("exec", "--tty=no", name, "/bin/true")
        for value in ("true", "false", "auto"):
            self.runtime.ok("list", options=("--rootless=" + value,))
            self.runtime.ok("list", options=("--rootless", value))
        # As Go's flag package takes them.
        bundle = self.bundle("/bin/true")
        for words in (("exec", "-t=false", name, "/bin/true"), ("exec", "-tty=false", "-u=0", name, "/bin/true"),
                      ("exec", "-e", "A=B", "-cwd", "/", "-t=false", name, "/bin/true"),
                      ("run", "-b=" + bundle.path, "-detach=false", self.new_id())):
            self.assertEqual(self.runtime.ok(*words).stderr, "")
        # An argument is none of these words, whatever it looks like.
        self.assertEqual(self.runtime.refuses("exec", "-e", "-tty", name, "/bin/true").stderr,
                         'orlop: exec %s: --env: "-tty" is not NAME=VALUE\n' % name)

    def test_options_behind_the_id(self):
        name = self.start_sleeper()
        self.runtime.ok("update", name, "--resources", "-", data=json.dumps(self.a_limit()).encode())
        # In User Mode Linux it cannot find out when the system was started.
        if subprocess.run(["ps", "-ef"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            self.runtime.ok("ps", name, "-ef")
        self.runtime.ok("events", name, "--stats")
        self.runtime.ok("kill", name, "KILL", "--all")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("kill", name, "KILL", "--all")  # which says that it is not running, without the option
        self.runtime.ok("delete", name, "--force")

    @quick
    def test_the_root_directory_is_no_state_root(self):
        for words in (("list",), ("delete", "--force", "tmp"), ("state", "tmp")):
            result = program.run([settings.ORLOP, "--root", "/", *words])
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "\"/\" cannot hold container state")

    def test_where_checkpoints_are_asked_for(self):
        """Podman asks whether there is any support: no."""
        self.assertNotEqual(program.run([settings.ORLOP, "checkpoint", "--help"]).status, 0)
        text = program.run([settings.ORLOP, "restore", "--lsm-mount-context"]).stderr
        self.assertNotRegex(text, "requires an argument|flag needs an argument")


class GoRunc(ContractCase):
    """containerd's shim."""

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.directory, "runc", "k8s.io")
        self.runtime.root = self.state
        self.log = os.path.join(self.directory, "log.json")

    def runc(self, *words, data=None, before=die_with_the_caller):
        argv = [settings.ORLOP, "--root", self.state, "--log", self.log, "--log-format", "json", *words]
        return program.run(argv, data=data, before=before)

    def ok(self, *words, **how):
        result = self.runc(*words, **how)
        self.assertEqual((result.status, result.stderr), (0, ""), str(result))
        return result.stdout

    def create_task(self, *args, change=None):
        bundle = self.bundle(*args, change=change)
        name = self.new_id()
        pid_file = os.path.join(bundle.path, "init.pid")
        self.ok("create", "--bundle", bundle.path, "--pid-file", pid_file, name)
        pid = atoi(self.content(pid_file))
        return name, bundle, pid

    @quick
    def test_a_life(self):
        name, bundle, pid = self.create_task("/bin/probe", "sleep")
        self.assertEqual(self.pid_of(name), pid)
        self.ok("start", name)
        self.assertEqual(json.loads(self.ok("ps", "--format", "json", name)), [pid])
        self.ok("pause", name)
        self.assertEqual(json.loads(self.ok("state", name))["status"], "paused")
        self.ok("resume", name)
        self.ok("update", "--resources=-", name, data=json.dumps(self.a_limit()).encode())
        pid_file = os.path.join(bundle.path, "exec-1.pid")
        self.ok("exec", "--process", self.process_file("/bin/probe", "sleep"), "--detach", "--pid-file", pid_file, name)
        self.assertEqual(json.loads(self.ok("ps", "--format", "json", name)), sorted([pid, atoi(self.content(pid_file))]))
        stats = json.loads(self.ok("events", "--stats", name))
        self.assertEqual((stats["type"], stats["id"]), ("stats", name))
        self.assertEqual([one["id"] for one in json.loads(self.ok("list", "--format=json"))], [name])
        self.ok("kill", "--all", name, "9")
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(json.loads(self.ok("ps", "--format", "json", name)), [])
        self.ok("delete", name)
        self.ok("delete", "--force", name)
        self.assertEqual(self.content(self.log) if os.path.exists(self.log) else "", "")
        self.assert_nothing_left()

    def test_the_number_of_a_signal(self):
        name, _, _ = self.create_task("/bin/probe", "wait-for-signal", "10")  # not the one that is the default
        self.ok("start", name)
        self.ok("kill", name, "10")
        self.runtime.wait_for(name, "stopped")

    def test_a_terminal(self):
        console = ConsoleSocket(self.directory)
        self.addCleanup(console.close)
        bundle = self.bundle("/bin/probe", "say", "ahoy", "+", "sleep", change=lambda b: b.process.update(terminal=True))
        name = self.new_id()
        self.ok("create", "--bundle", bundle.path, "--pid-file", os.path.join(bundle.path, "init.pid"), "--console-socket",
                console.path, "--no-pivot", "--no-new-keyring", "--preserve-fds", "0", name)
        terminal = console.receive()
        self.addCleanup(terminal.close)
        self.ok("start", name)
        terminal.read_until("ahoy")
        path = self.process_file("/bin/probe", "say", "exec", terminal=True)
        self.ok("exec", "--process", path, "--console-socket", console.path, "--detach", "--pid-file",
                os.path.join(bundle.path, "e.pid"), name)
        other = console.receive()
        self.addCleanup(other.close)
        other.read_until("exec")

    @quick
    def test_errors(self):
        """Text on stderr, one object in the log, and the words by which it tells one from another."""
        result = self.runc("kill", "nobody", "9")
        self.assertIn("does not exist", last_error(self.content(self.log)))
        self.assertIn("does not exist", result.stderr)
        name, _, _ = self.create_task("/bin/true")
        self.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        result = self.runc("kill", name, "9")
        for text in (result.stderr, last_error(self.content(self.log))):
            self.assertTrue([words for words in NOT_FOUND_OF_CONTAINERD if words in text] or
                            "no such process" in text.lower(), text)
        self.ok("kill", "--all", name, "9")
        self.assertEqual(self.content(self.log).count("\n"), 2)
        bundle = self.bundle("nope")
        self.runc("create", "--bundle", bundle.path, "--pid-file", os.path.join(bundle.path, "init.pid"), "x")
        self.assertIn("executable file not found in", last_error(self.content(self.log)))
        self.assertFalse(os.path.exists(os.path.join(bundle.path, "init.pid")))

    @quick
    def test_version_and_features(self):
        text = program.run([settings.ORLOP, "--version"]).stdout
        version, commit = version_of_moby(text)
        self.assertEqual(version, text.splitlines()[0].removeprefix("orlop version "))
        self.assertRegex(version, r"^\d+\.\d+\.\d+")
        self.assertTrue(commit)
        result = program.run([settings.ORLOP, "features"])
        features = json.loads(result.stdout)
        self.assertTrue(features["linux"]["mountExtensions"]["idmap"]["enabled"])


class Conmon(ContractCase):
    """For Podman and CRI-O: it is a subreaper, and so is this program."""

    def monitor(self, words, stdin=subprocess.DEVNULL):
        """Runs it with pipes that belong to anybody; how it ended, and what came."""
        out, err = os.pipe(), os.pipe()
        for end in (out[1], err[1]):
            os.fchmod(end, 0o777)
        process = subprocess.Popen(words, stdin=stdin, stdout=out[1], stderr=err[1], preexec_fn=die_with_the_caller,
                                   env=program.environment())
        os.close(out[1]), os.close(err[1])
        for end in (out[0], err[0]):
            self.addCleanup(os.close, end)
        return process.wait(20), out[0], err[0]

    def read_all(self, end):
        text = b""
        while True:
            part = os.read(end, 65536)
            if not part:
                return text
            text += part

    def create_under(self, words, *args, **members):
        bundle = self.bundle(*args, change=lambda bundle: bundle.process.update(members))
        pid_file, name = os.path.join(self.directory, "pidfile"), self.new_id()
        argv = [settings.ORLOP, "--root=" + self.runtime.root, *words, "create", "--bundle", bundle.path, "--pid-file", pid_file,
                name]
        status, out, err = self.monitor(argv)
        self.assertEqual(status, 0)
        return name, atoi(self.content(pid_file)), out, err

    @quick
    def test_create(self):
        kernel.adopt_orphans()
        self.addCleanup(kernel.adopt_orphans, False)
        log = os.path.join(self.directory, "oci-log")
        name, pid, out, err = self.create_under(["--log-format=json", "--log", log], "/bin/probe", "say", "out", "+",
                                                "complain", "err", "+", "exit", "3")
        self.runtime.ok("start", name)
        # Its own child by now: the status is the program's.
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 3)
        self.assertEqual((self.read_all(out), self.read_all(err)), (b"out\n", b"err\n"))
        self.runtime.ok("delete", "--force", name)

    @quick
    def test_exec(self):
        """Without a pid file it was the runtime that failed."""
        name = self.start_sleeper()
        pid_file = os.path.join(self.directory, "exec.pid")
        for args, wanted in ((("/bin/true",), True), (("/nope",), False), (("/bin/probe", "exit", "9"), True)):
            words = [settings.ORLOP, "--root", self.runtime.root, "exec", "--pid-file", pid_file, "--process",
                     self.process_file(*args), "--detach", name]
            status, _, err = self.monitor(words)
            self.assertEqual((os.path.exists(pid_file), status == 0), (wanted, wanted), args)
            if wanted:
                os.unlink(pid_file)
            else:
                self.assertIn(b"no such file or directory", self.read_all(err))

    def test_as_conmon_rs_calls(self):
        name, pid, _, _ = self.create_under(["--log-level", "debug"], "/bin/probe", "sleep")
        self.runtime.ok("start", name)
        console = ConsoleSocket(self.directory)
        self.addCleanup(console.close)
        pid_file = os.path.join(self.directory, "exec_sync.pid")
        status, _, _ = self.monitor([settings.ORLOP, "--root=" + self.runtime.root, "exec", "-d", "--console-socket=" + console.path,
                                     "--tty", "--pid-file=" + pid_file, name, "/bin/sh", "-c", "echo sync"])
        self.assertEqual(status, 0)
        terminal = console.receive()
        self.addCleanup(terminal.close)
        terminal.read_until("sync")
        self.assertGreater(atoi(self.content(pid_file)), 1)


class Podman(ContractCase):
    def podman(self, *words, options=()):
        """It names no state root, and hands little of its environment on: a mount namespace has a /run of our own."""
        log = os.path.join(self.directory, "podman.log")
        if os.path.exists(log):
            os.unlink(log)
        result = program.run([settings.ORLOP, "--log-format=json", "--log", log, "--root", self.runtime.root, *options, *words],
                             env={"XDG_RUNTIME_DIR": "/run/user/0"})
        return result, json.loads(self.content(log))["msg"] if os.path.exists(log) and self.content(log) else None

    @quick
    def test_the_log_is_one_object(self):
        for args, status in ((("/nope",), 127), (("nope",), 127), (("/etc/passwd",), 126)):
            with self.subTest(args):
                bundle = self.bundle(*args)
                result, message = self.podman("create", "--bundle", bundle.path, "--pid-file", os.path.join(bundle.path, "pid"),
                                              self.new_id())
                self.assertEqual((podman_status(message), podman_status(result.stderr)), (status, status), message)

    def test_an_error_of_the_configuration_is_none_of_the_command(self):
        bundle = self.bundle("/bin/true", change=lambda b: b.process["rlimits"].append({"type": "RLIMIT_X", "soft": 1, "hard": 1}))
        result, message = self.podman("create", "--bundle", bundle.path, self.new_id())
        self.assertEqual((podman_status(message), podman_status(result.stderr)), (125, 125), message)

    def test_direct_calls(self):
        name, _ = self.create("/bin/probe", "sleep")
        path = os.path.join(self.directory, "resources.json")
        with open(path, "w") as file:
            json.dump(self.a_limit(), file)
        for words in (("start", name), ("update", "--resources=" + path, name), ("pause", name), ("resume", name),
                      ("kill", name, "15"), ("kill", "--all", name, "9"), ("delete", "--force", name)):
            result, message = self.podman(*words)
            self.assertEqual((result.status, result.stderr, message), (0, "", None), str(result))

    def test_without_cgroups(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        result, _ = self.podman("create", "--bundle", bundle.path, name, options=("--cgroup-manager", "disabled"))
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(self.content("/proc/%d/cgroup" % self.pid_of(name)), self.content("/proc/self/cgroup"))

    def test_hints_say_nothing_that_it_looks_for(self):
        """It matches whole texts, and a hint or a warning stands in the same text as the error."""
        forbidden = "|".join(words for _, words in PODMAN)
        found = []
        for path in glob.glob(os.path.join(settings.SOURCE, "src", "**", "*.cpp"), recursive=True):
            text = self.content(path)
            for match in re.finditer(r"(with_hint|log::warning|warnings\.push_back)\((.*?);", text, re.S):
                if re.search(forbidden, match.group(2), re.I):
                    found.append("%s: %s" % (path, match.group(2)))
        self.assertEqual(found, [])


class Crio(ContractCase):
    def crio(self, *words, data=None):
        """CombinedOutput: what is on either stream is one text."""
        argv = [settings.ORLOP, "--root=" + self.runtime.root, *words]
        result = subprocess.run(argv, input=data or b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20,
                                env=program.environment(CRI_O_EXTERNAL="1"))
        return result.returncode, result.stdout.decode()

    def test_at_its_start(self):
        status, text = self.crio("--version")
        self.assertRegex(", ".join(text.strip().split("\n")), r"^orlop version [^,]+, commit: [^,]+, spec: [^,]+$")
        status, text = self.crio("features")
        features = json.loads(text)
        self.assertTrue(features["ociVersionMin"] and features["ociVersionMax"])
        self.assertIn("rro", features["mountOptions"])

    @quick
    def test_a_life(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        self.runtime.ok("create", "--bundle", bundle.path, "--pid-file", os.path.join(bundle.path, "pidfile"), name)
        self.assertEqual(self.crio("start", name), (0, ""))
        status, text = self.crio("state", name)
        state = json.loads(text)
        self.assertEqual((status, state["status"]), (0, "running"))
        time_of(state["created"])
        self.assertEqual(self.crio("update", "--resources", "-", name, data=json.dumps(self.a_limit()).encode()), (0, ""))
        path = self.process_file("/bin/probe", "say", "hi", "+", "exit", "5")
        self.assertEqual(self.crio("exec", "--process", path, name), (5, "hi\n"))
        path = self.process_file("/bin/sh", "-c", "kill -9 $$")
        self.assertEqual(self.crio("exec", "--process", path, name), (137, ""))
        for words in (("pause", name), ("resume", name), ("kill", "-a", name, "28"), ("kill", name, "28"), ("kill", name, "KILL")):
            self.assertEqual(self.crio(*words), (0, ""), words)
        self.runtime.wait_for(name, "stopped")
        status, text = self.crio("kill", name, "KILL")
        self.assertEqual(status, 1)
        self.assertTrue([words for words in NOT_FOUND_OF_CRIO if words in text], text)
        self.assertEqual(json.loads(self.crio("state", name)[1])["pid"], 0)
        self.assertEqual(self.crio("delete", "--force", name), (0, ""))
        self.assertEqual(self.crio("delete", "--force", name), (0, ""))


class Formats(ContractCase):
    """To the byte."""

    @quick
    def test_state_and_list(self):
        name, bundle = self.create("/bin/probe", "sleep", change=lambda b: b.config.update(annotations={"a": "b"}))
        pid = self.pid_of(name)
        text = self.runtime.ok("state", name).stdout
        created = re.search(r'"created": "([^"]+)"', text).group(1)
        self.assertRegex(created, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertEqual(text, "".join([
            '{\n    "ociVersion": "1.3.0",\n    "id": "%s",\n    "pid": %d,\n    "status": "created",\n' % (name, pid),
            '    "bundle": "%s",\n    "rootfs": "%s",\n    "created": "%s",\n' % (bundle.path, bundle.rootfs, created),
            '    "annotations": {\n        "a": "b"\n    },\n    "owner": ""\n}\n']))
        self.assertEqual(self.runtime.ok("list", "--format", "json").stdout, "".join([
            '[{"ociVersion":"1.3.0","id":"%s","pid":%d,"status":"created",' % (name, pid),
            '"bundle":"%s","rootfs":"%s","created":"%s",' % (bundle.path, bundle.rootfs, created),
            '"annotations":{"a":"b"},"owner":"root"}]\n']))
        widths = [max(9, len(text)) + 3 for text in (name, str(pid), "created", bundle.path, created)]
        row = lambda *words: "".join(word.ljust(width) for word, width in zip(words, widths))  # noqa: E731
        self.assertEqual(self.runtime.ok("list").stdout,
                         row("ID", "PID", "STATUS", "BUNDLE", "CREATED") + "OWNER\n" +
                         row(name, str(pid), "created", bundle.path, created) + "root\n")
        self.assertEqual(self.runtime.ok("list", "--quiet").stdout, name + "\n")
        self.assertEqual(self.runtime.ok("ps", "--format", "json", name).stdout, "[%d]\n" % pid)
        self.runtime.ok("delete", name)
        self.assertEqual(self.runtime.ok("list", "--format", "json").stdout, "[]\n")
        self.assertEqual(self.runtime.ok("list").stdout, "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n")

    @quick
    def test_lines_of_the_log(self):
        path = os.path.join(self.directory, "log")
        when = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
        rows = (
            ("json", r'\{"level":"error","msg":"state nobody: container does not exist","time":"%s"\}\n' % when),
            ("text", r'time="%s" level=error msg="state nobody: container does not exist"\n' % when),
        )
        for form, line in rows:
            result = self.runtime.refuses("state", "nobody", options=("--log", path, "--log-format", form))
            self.assertRegex(self.content(path), "^%s$" % line)
            self.assertEqual(result.stderr, "orlop: state nobody: container does not exist\n")
            os.unlink(path)
        self.assertEqual(self.runtime.refuses("state", "nobody").stderr, "orlop: state nobody: container does not exist\n")

    def test_error_texts(self):
        name, bundle = self.create("/bin/true")
        exists = self.runtime.refuses("create", "--bundle", bundle.path, name).stderr
        self.assertIn("exists", exists)
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assert_texts({
            ("start", name): "cannot start a container that has stopped",
            ("kill", name): "container not running",
            ("exec", name, "true"): "cannot exec in a stopped container",
            ("pause", name): "container not running", ("resume", name): "container not running",
        })
        running = self.start_sleeper()
        self.assert_texts({
            ("start", running): "cannot start an already running container",
            ("delete", running): "cannot delete container %s that is not stopped: running" % running,
            ("exec", running, "/nope"): 'process.args[0]: exec "/nope": no such file or directory',
            ("exec", running, "nope"): 'process.args[0]: exec "nope": executable file not found in $PATH',
            ("exec", running, "/etc/passwd"): 'process.args[0]: exec "/etc/passwd": permission denied',
            ("exec", running, "/etc/passwd/x"): 'process.args[0]: exec "/etc/passwd/x": not a directory',
        })
        self.runtime.ok("pause", running)
        self.assert_texts({("exec", running, "true"): "cannot exec in a paused container (use --ignore-paused to override)"})
        self.runtime.ok("resume", running)
        missing = {(command, "nobody"): "container does not exist" for command in
                   ("start", "state", "kill", "delete", "pause", "resume", "ps", "update", "events")}
        missing[("exec", "nobody", "true")] = "container does not exist"
        self.assert_texts(missing)

    def assert_texts(self, wanted):
        for words, text in wanted.items():
            with self.subTest(words):
                result = self.runtime.refuses(*words)
                self.assertEqual(result.stderr.splitlines()[0], "orlop: %s %s: %s" % (words[0], words[1], text))
                self.assertEqual((result.stdout, result.status), ("", 255 if words[0] == "exec" else 1))

    def test_a_missing_executable_at_create(self):
        for word, text in (("/nope", 'process.args[0]: exec "/nope": no such file or directory'),
                           ("nope", 'process.args[0]: exec "nope": executable file not found in $PATH')):
            for command in ("create", "run"):
                name, bundle = self.new_id(), self.bundle(word)
                result = self.runtime.refuses(command, "--bundle", bundle.path, name)
                self.assertEqual((result.status, result.stderr.splitlines()[0]), (1, "orlop: %s %s: %s" % (command, name, text)))

    @quick
    def test_the_message_of_the_console(self):
        path = os.path.join(self.directory, "raw.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen(1)
        bundle = self.bundle("/bin/true", change=lambda b: b.process.update(terminal=True))
        self.runtime.ok("create", "--bundle", bundle.path, "--console-socket", path, self.new_id())
        peer, _ = listener.accept()
        data, fds, flags, _ = socket.recv_fds(peer, 4096, 4)
        peer.close()
        self.assertEqual((data, len(fds), flags & socket.MSG_CTRUNC), (b"/dev/console", 1, 0))
        self.assertTrue(os.isatty(fds[0]))
        os.close(fds[0])

    def test_owners_of_the_standard_streams(self):
        """The container's user gets them; not /dev/null, which is everybody's."""
        before = os.stat("/dev/null")
        path = os.path.join(self.directory, "out")
        bundle = self.bundle("/bin/true", change=lambda b: b.process.update(user={"uid": 1234, "gid": 1235}))
        with open(path, "w") as out:
            subprocess.run(self.runtime.argv("run", "--bundle", bundle.path, self.new_id()), stdin=subprocess.DEVNULL, stdout=out,
                           stderr=subprocess.DEVNULL, check=True, timeout=20)
        self.assertEqual(os.stat(path).st_uid, 1234)
        after = os.stat("/dev/null")
        self.assertEqual((after.st_uid, after.st_gid, after.st_mode), (before.st_uid, before.st_gid, before.st_mode))

    @quick
    def test_statistics(self):
        name = self.start_sleeper()
        event = json.loads(self.runtime.ok("events", "--stats", name).stdout)
        self.assertEqual((list(event), event["type"], event["id"]), (["type", "id", "data"], "stats", name))
        data = event["data"]
        self.assertEqual(set(data["cpu"]) - {"psi"}, {"usage", "throttling"})
        self.assertLessEqual({"total", "kernel", "user"}, set(data["cpu"]["usage"]))
        self.assertLessEqual(set(data["cpu"]["usage"]), {"total", "percpu", "percpu_kernel", "percpu_user", "kernel", "user"})
        self.assertLessEqual(set(data["cpu"]["throttling"]), {"periods", "throttledPeriods", "throttledTime"})
        self.assertLessEqual(set(data["memory"]["usage"]), {"limit", "usage", "max", "failcnt"})
        self.assertEqual(data["pids"]["current"], 1)

    def test_features(self):
        """All of it, but for what the library of system calls decides."""
        found = json.loads(self.runtime.ok("features").stdout)
        for member in ("archs", "knownFlags", "supportedFlags"):
            self.assertTrue(found["linux"]["seccomp"].pop(member))
        for name in ("org.orlop.version", "org.orlop.commit"):
            self.assertTrue(found["annotations"].pop(name))
        path = os.path.join(settings.TESTS, "integration", "features.json")
        self.assertEqual(found, json.loads(self.content(path)))


if __name__ == "__main__":
    runner.main()
