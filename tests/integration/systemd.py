#!/usr/bin/python3
"""Cgroups that systemd makes: --systemd-cgroup. Needs a machine that was booted with it:

    tests/lab/lab.py --systemd [--user] 'python3 tests/integration/systemd.py'
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402
from harness.runtime import Runtime  # noqa: E402

IS_ROOT = os.geteuid() == 0


def environment():
    """What a user's bus is found by stays."""
    return program.environment(XDG_RUNTIME_DIR=os.environ.get("XDG_RUNTIME_DIR"))


def systemctl(*words):
    scope = [] if IS_ROOT else ["--user"]
    return program.run(["systemctl", *scope, *words], env=environment(), timeout=60)  # a reload on a busy machine


def properties(unit):
    lines = systemctl("show", unit).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def is_there(unit):
    return properties(unit).get("LoadState") != "not-found"


def manager_path():
    return systemctl("show", "--property=ControlGroup", "--value").stdout.strip().rstrip("/")


class SystemdRuntime(Runtime):
    def call(self, *words, options=(), **how):
        how.setdefault("env", environment())
        return super().call(*words, options=("--systemd-cgroup", *options), **how)


class UnitCase(ContainerCase):
    seconds = 240  # a guest is slow

    def setUp(self):
        if not os.path.isdir("/run/systemd/system"):
            skip("this machine was not booted with systemd")
        if subprocess.run(["systemctl", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            skip("no systemctl")
        super().setUp()
        self.runtime = SystemdRuntime(os.path.join(self.directory, "root"))

    def bundle(self, *args, change=None, write=True):
        """For an ordinary user in a user namespace of its own."""
        def changed(bundle):
            words = bundle.process["args"]
            if not IS_ROOT:
                there = os.path.join(self.directory, "spec")
                if not os.path.isdir(there):
                    os.mkdir(there)
                    self.runtime.ok("spec", "--rootless", "--bundle", there)
                with open(os.path.join(there, "config.json")) as file:
                    bundle.config = json.load(file)
                bundle.process["terminal"] = False
            bundle.process["args"] = words
            bundle.linux.setdefault("resources", {})
            if change:
                change(bundle)
        return super().bundle(*args, change=changed, write=write)

    def path(self):
        """A cgroupsPath of our own, and the unit's name."""
        name = self.new_id()
        return ":orloptest:" + name, "orloptest-%s.scope" % name

    def sleeper(self, change=None):
        """A running container: its id and its unit."""
        path, unit = self.path()

        def changed(bundle):
            bundle.linux["cgroupsPath"] = path
            if change:
                change(bundle)
        name = self.start_sleeper(change=changed)
        return name, unit

    def directory_of(self, name):
        return cgroup.path_of("", cgroup.own(self.pid_of(name))[""])

    def file(self, name, file):
        with open(os.path.join(self.directory_of(name), file)) as stream:
            return stream.read().strip()

    def refused(self, *words, change=None, env=None, options=(), timeout=settings.CALL_SECONDS):
        """The line of a run that must leave nothing behind, no unit either."""
        path, unit = self.path()

        def changed(bundle):
            bundle.linux["cgroupsPath"] = path
            if change:
                change(bundle)
        bundle = self.bundle("/bin/true", change=changed)
        result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id(), options=options,
                                      env=env or environment(), timeout=timeout)
        line = self.assert_one_line(result, *words)
        self.assertFalse(is_there(unit), line)
        self.assertEqual(self.runtime.entries(), [])
        return result


class Units(UnitCase):
    @quick
    def test_life(self):
        name, unit = self.sleeper()
        slice_ = "system.slice" if IS_ROOT else "user.slice"
        shown = properties(unit)
        self.assertEqual(shown["ControlGroup"], "%s/%s/%s" % (manager_path(), slice_, unit))
        self.assertEqual(cgroup.own(self.pid_of(name))[""], shown["ControlGroup"])
        expected = {"ActiveState": "active", "Slice": slice_, "Delegate": "yes", "DefaultDependencies": "no",
                    "CollectMode": "inactive-or-failed", "MemoryAccounting": "yes", "CPUAccounting": "yes",
                    "TasksAccounting": "yes", "IOAccounting": "yes", "Description": "orlop container " + name}
        self.assertEqual({key: shown[key] for key in expected}, expected)
        with open(os.path.join(self.runtime.root, name, "state.json")) as file:
            record = json.load(file)
        self.assertEqual((record["cgroupDriver"], record["unit"]), ("systemd", unit))
        self.assertEqual(self.runtime.ok("exec", name, "/bin/cat", "/proc/self/cgroup").status, 0)
        self.assertIn(str(self.pid_of(name)), self.runtime.ok("ps", "--format", "json", name).stdout)
        self.runtime.ok("pause", name)
        self.assertEqual(self.runtime.status(name), "paused")
        self.runtime.ok("resume", name)
        self.assertIn('"type"', self.runtime.ok("events", "--stats", name).stdout)
        self.end(name)
        self.assertFalse(is_there(unit))
        self.assert_nothing_left()

    def test_run_in_the_foreground(self):
        path, unit = self.path()
        result = self.run_container("/bin/cat", "/proc/self/cgroup", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        self.assertEqual(result.status, 0, str(result))
        self.assertFalse(is_there(unit))
        self.assert_nothing_left()

    def test_the_default_name(self):
        name = self.start_sleeper()
        self.assertTrue(is_there("orlop-%s.scope" % name))
        self.end(name)

    def test_a_slice_below_a_slice(self):
        tag = settings.TAG
        path = "%s-inner.slice:x:%s" % (tag, self.new_id())
        name = self.start_sleeper(change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        self.assertIn("/%s.slice/%s-inner.slice/x-" % (tag, tag), cgroup.own(self.pid_of(name))[""])
        self.end(name)
        systemctl("stop", tag + ".slice")

    def test_created_and_deleted(self):
        path, unit = self.path()
        name, _ = self.create("/bin/true", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        self.assertEqual(properties(unit)["ActiveState"], "active")
        self.runtime.ok("delete", name)
        self.assertFalse(is_there(unit))

    def test_kill_all_and_delete_by_force(self):
        name, unit = self.sleeper()
        self.runtime.ok("exec", "--detach", name, "/bin/sleep", "100")
        self.runtime.ok("kill", "--all", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assertFalse(is_there(unit))
        name, unit = self.sleeper()
        self.runtime.ok("delete", "--force", name)
        self.assertFalse(is_there(unit))
        self.assert_nothing_left()

    def test_a_cgroup_below_the_units(self):
        name, unit = self.sleeper(lambda bundle: bundle.config.update(
            annotations={"run.oci.systemd.subgroup": "payload"}) or bundle.linux["resources"].update(pids={"limit": 77}))
        self.assertTrue(cgroup.own(self.pid_of(name))[""].endswith("/%s/payload" % unit))
        self.assertEqual(self.file(name, "pids.max"), "77")
        self.assertEqual(properties(unit)["TasksMax"], "77")
        self.runtime.ok("exec", name, "/bin/true")
        self.end(name)
        self.assertFalse(is_there(unit))
        self.assert_nothing_left()

    def test_properties_of_annotations(self):
        name, unit = self.sleeper(lambda bundle: bundle.config.update(annotations={
            "org.systemd.property.TimeoutStopSec": "5",
            "org.systemd.property.CollectMode": "'inactive'",
            "org.systemd.property.SendSIGHUP": "true",
            "org.systemd.property.After": "['basic.target']"}))
        shown = properties(unit)
        self.assertEqual((shown["TimeoutStopUSec"], shown["CollectMode"], shown["SendSIGHUP"]), ("5s", "inactive", "yes"))
        self.assertIn("basic.target", shown["After"])
        self.end(name)
        self.assertFalse(is_there(unit))


class Limits(UnitCase):
    resources = {
        "memory": {"limit": 512 << 20, "reservation": 128 << 20, "swap": 640 << 20},
        "cpu": {"shares": 2048, "quota": 33333, "period": 50000},
        "pids": {"limit": 321},
    }
    standing = {
        "MemoryMax": str(512 << 20), "MemoryLow": str(128 << 20), "MemorySwapMax": str(128 << 20),
        "CPUQuotaPerSecUSec": "670ms", "CPUQuotaPeriodUSec": "50ms", "TasksMax": "321",
    }

    def need_controllers(self, *names):
        path = "/sys/fs/cgroup" + manager_path() + "/cgroup.controllers"
        with open(path) as file:
            missing = set(names) - set(file.read().split())
        if missing:
            skip("no controller " + ", ".join(sorted(missing)))

    @quick
    def test_properties_and_files(self):
        self.need_controllers("memory", "cpu", "pids")
        name, unit = self.sleeper(lambda bundle: bundle.linux.update(resources=self.resources))
        shown = properties(unit)
        self.assertEqual({key: shown[key] for key in self.standing}, self.standing)
        self.assertEqual(self.file(name, "memory.max"), str(512 << 20))
        self.assertEqual(self.file(name, "memory.low"), str(128 << 20))
        self.assertEqual(self.file(name, "cpu.max"), "33333 50000")
        self.assertEqual(self.file(name, "cpu.weight"), shown["CPUWeight"])
        self.assertEqual(self.file(name, "pids.max"), "321")
        # A reload writes what systemd knows: no limit is lost by it.
        self.assertEqual(systemctl("daemon-reload").status, 0)
        self.assertEqual(self.file(name, "memory.max"), str(512 << 20))
        self.assertEqual(self.file(name, "pids.max"), "321")
        self.assertIn(self.file(name, "cpu.max"), ("33333 50000", "33500 50000"))
        self.end(name)

    def test_a_tight_limit_of_memory(self):
        self.need_controllers("memory")
        name, unit = self.sleeper(lambda bundle: bundle.linux.update(resources={"memory": {"limit": 16 << 20, "swap": 16 << 20}}))
        shown = properties(unit)
        self.assertEqual((shown["MemoryMax"], shown["MemorySwapMax"]), (str(16 << 20), "0"))
        self.assertEqual(self.file(name, "memory.max"), str(16 << 20))
        self.end(name)

    def test_killed_for_want_of_memory(self):
        """Such a unit has failed; it does not stay."""
        self.need_controllers("memory")
        path, unit = self.path()
        result = self.run_container("/bin/sh", "-c", "x=x; while :; do x=$x$x; done", change=lambda bundle: bundle.linux.update(
            cgroupsPath=path, resources={"memory": {"limit": 32 << 20, "swap": 32 << 20}}))
        self.assertEqual(result.status, 137, str(result))
        self.assertFalse(is_there(unit))

    def test_update(self):
        self.need_controllers("memory", "cpu", "pids")
        name, unit = self.sleeper(lambda bundle: bundle.linux.update(resources=self.resources))
        self.runtime.ok("update", "--memory", "256m", "--memory-swap", "-1", "--pids-limit", "55", "--cpu-quota", "10000", name)
        shown = properties(unit)
        self.assertEqual((shown["MemoryMax"], shown["MemorySwapMax"]), (str(256 << 20), "infinity"))
        self.assertEqual((shown["TasksMax"], shown["CPUQuotaPerSecUSec"]), ("55", "200ms"))
        self.assertEqual(self.file(name, "memory.max"), str(256 << 20))
        self.assertEqual(self.file(name, "cpu.max"), "10000 50000")
        self.assertEqual(self.file(name, "pids.max"), "55")
        self.end(name)

    def test_an_update_is_all_or_nothing(self):
        self.need_controllers("memory", "cpu", "pids")
        name, unit = self.sleeper(lambda bundle: bundle.linux.update(resources=self.resources))
        before = (properties(unit)["TasksMax"], properties(unit)["MemoryLow"], self.file(name, "pids.max"))
        wanted = json.dumps({"pids": {"limit": 9}, "memory": {"reservation": 1 << 20}, "unified": {"cpu.weight": "20000"}})
        result = self.runtime.refuses("update", "--resources", "-", name, data=wanted.encode())
        self.assert_one_line(result, "cpu.weight")
        # What the files take, and systemd does not.
        wanted = json.dumps({"pids": {"limit": 9}, "unified": {"memory.max": "2000000000", "io.weight": "default 20000"}})
        self.runtime.refuses("update", "--resources", "-", name, data=wanted.encode())
        self.assertEqual((properties(unit)["TasksMax"], properties(unit)["MemoryLow"], self.file(name, "pids.max")), before)
        self.assertEqual(self.file(name, "memory.max"), str(512 << 20))
        self.end(name)

    def test_devices(self):
        if not IS_ROOT:
            skip("an ordinary user has no device rules")

        def change(bundle):
            bundle.linux["resources"]["devices"] = [{"allow": False, "access": "rwm"},
                                                    {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}]
            bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11},
                                       {"path": "/dev/tty9", "type": "c", "major": 4, "minor": 9}]
        name, unit = self.sleeper(change)
        shown = properties(unit)
        self.assertEqual(shown["DevicePolicy"], "strict")
        self.assertIn("/dev/char/1:11 r", shown["DeviceAllow"])

        def opens(path):
            return self.runtime.call("exec", name, "/bin/busybox", "dd", "if=" + path, "count=0").status == 0
        self.assertEqual((opens("/dev/kmsg"), opens("/dev/tty9"), opens("/dev/zero")), (True, False, True))
        wanted = json.dumps({"devices": [{"allow": True, "type": "c", "major": 4, "minor": 9, "access": "rw"}]})
        self.runtime.ok("update", "--resources", "-", name, data=wanted.encode())
        self.assertEqual((opens("/dev/kmsg"), opens("/dev/tty9")), (False, True))
        self.assertNotIn("1:11", properties(unit)["DeviceAllow"])
        self.end(name)


class Refusals(UnitCase):
    @quick
    def test_shapes_of_the_path(self):
        for path, words in (("/web/1", "is not of the form SLICE:PREFIX:NAME"), ("a:b:c", "is no name of a slice"),
                            ("a--b.slice:x:y", "is no name of a slice"), ("a.slice:x:y z", "cannot have this name")):
            self.refused("linux.cgroupsPath", words, change=lambda bundle, path=path: bundle.linux.update(cgroupsPath=path))

    def test_annotations(self):
        for key, value, words in (("After", "a", "is no value in the text format"), ("x", "1", "is no name of a property"),
                                  ("PIDs", "[uint32 1]", "is orlop's own"),
                                  ("ExecStartPost", "'/bin/true'", "Cannot set property ExecStartPost"),
                                  ("TimeoutStopUSec", "'soon'", "StartTransientUnit"),
                                  ("CollectMode", "'never'", "CollectMode")):
            self.refused(words, change=lambda bundle, key=key, value=value: bundle.config.update(
                annotations={"org.systemd.property." + key: value}))
            self.assert_nothing_left()

    def test_a_unit_that_exists(self):
        path, unit = self.path()
        scope = [] if IS_ROOT else ["--user"]
        other = subprocess.Popen(["systemd-run", *scope, "--scope", "--quiet", "--unit", unit, "/bin/sleep", "100"],
                                 env=environment(), start_new_session=True, stderr=subprocess.DEVNULL)
        self.addCleanup(program.end_group, other)
        program.until(lambda: properties(unit).get("ActiveState") == "active", "the other unit is there")
        bundle = self.bundle("/bin/true", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, unit, "exists already")
        self.assertEqual(properties(unit)["ActiveState"], "active")
        self.assertIsNone(other.poll())

    def test_no_bus(self):
        variable = "DBUS_SYSTEM_BUS_ADDRESS" if IS_ROOT else "DBUS_SESSION_BUS_ADDRESS"
        env = environment()
        env[variable] = "unix:path=%s/none" % self.directory
        result = self.refused("connect(", "/none", env=env)
        self.assertIn("hint:", result.stderr)
        env[variable] = "tcp:host=localhost,port=1"
        self.refused("is no address of a bus on this machine", env=env)
        if not IS_ROOT:
            self.refused("neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set",
                         env=program.environment(DBUS_SESSION_BUS_ADDRESS=None))
        self.assert_nothing_left()

    def hanging_bus(self):
        """Takes every connection, and says nothing."""
        path = os.path.join(self.directory, "bus")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(8)
        self.addCleanup(listener.close)
        env = environment()
        env["DBUS_SYSTEM_BUS_ADDRESS" if IS_ROOT else "DBUS_SESSION_BUS_ADDRESS"] = "unix:path=" + path
        return env

    def test_a_bus_that_hangs(self):
        self.refused("AUTH EXTERNAL(", "timed out", env=self.hanging_bus(), timeout=40)
        self.assert_nothing_left()

    def test_an_interruption_while_the_bus_hangs(self):
        bundle = self.bundle("/bin/true")
        name = self.new_id()
        process = subprocess.Popen(self.runtime.argv("run", "--bundle", bundle.path, name, options=("--systemd-cgroup",)),
                                   env=self.hanging_bus(), stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stderr.close)
        program.until(lambda: self.runtime.entries() == [name], "the container is recorded")
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), 128 + signal.SIGTERM)
        self.assertIn(b"interrupted by SIGTERM", process.stderr.read())
        self.assert_nothing_left()

    def test_a_delete_while_the_bus_is_away(self):
        name, unit = self.sleeper()
        env = self.hanging_bus()
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name, env=env, timeout=40)
        program.until(lambda: not is_there(unit), "the unit is gone")
        self.assert_nothing_left()


class Readiness(UnitCase):
    """sd_notify(3) of the program inside reaches the real systemd outside, for which orlop is a service."""

    def service(self, *args):
        """A service that runs a container of this program: its name, the container's, and how the start went."""
        name = self.new_id()
        path, _ = self.path()
        service = "orloptest-%s.service" % name
        bundle = self.bundle(*args, change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        self.addCleanup(systemctl, "stop", service)
        scope = [] if IS_ROOT else ["--user"]
        command = self.runtime.argv("run", "--bundle", bundle.path, name, options=("--systemd-cgroup",))
        started = program.run(["systemd-run", *scope, "--quiet", "--unit", service, "--service-type=notify",
                               "--property=NotifyAccess=all", "--property=TimeoutStartSec=60", *command],
                              env=environment(), timeout=120)
        return service, name, started

    def test_a_service_is_up_when_the_program_says_so(self):
        script = "sleep 2; /bin/probe notify STATUS=loading; /bin/probe notify 'READY=1\nSTATUS=up'; exec sleep 100"
        begin = time.monotonic()
        service, name, started = self.service("/bin/sh", "-c", script.replace("\\n", "\n"))
        self.assertEqual(started.status, 0, str(started))
        self.assertGreater(time.monotonic() - begin, 2)
        shown = properties(service)
        self.assertEqual((shown["ActiveState"], shown["SubState"], shown["StatusText"]), ("active", "running", "up"))
        if IS_ROOT:  # a user's manager takes no main process from another unit's cgroup
            self.assertEqual(int(shown["MainPID"]), self.pid_of(name))
        self.runtime.ok("exec", name, "/bin/sh", "-c", "NOTIFY_SOCKET=/run/notify/notify.sock /bin/probe notify STATUS=later")
        program.until(lambda: properties(service)["StatusText"] == "later", "the status is handed on")
        self.runtime.ok("kill", name, "KILL")
        program.until(lambda: properties(service).get("ActiveState") != "active", "the service ends")
        self.assertEqual(self.runtime.entries(), [])

    def test_a_program_that_ends_without_a_word(self):
        service, _, started = self.service("/bin/false")
        self.assertNotEqual(started.status, 0)
        self.assertEqual(self.runtime.entries(), [])


class Crash(UnitCase):
    def test_killed_while_it_makes_the_unit(self):
        """Whatever the moment, delete --force leaves nothing: no unit, no cgroup, no process."""
        for delay in range(0, 200, 40):
            path, unit = self.path()
            bundle = self.bundle("/bin/probe", "sleep", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
            name = self.new_id()
            process = subprocess.Popen(self.runtime.argv("create", "--bundle", bundle.path, name, options=("--systemd-cgroup",)),
                                       env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            with contextlib.suppress(AssertionError):
                program.until(lambda: name in self.runtime.entries() or process.poll() is not None, "it is recorded", pause=0.001)
            time.sleep(delay / 1000)
            process.kill()
            process.wait(5)
            self.runtime.ok("delete", "--force", name)
            program.until(lambda: not is_there(unit), "the unit is gone (%d ms)" % delay)
            self.assertEqual(self.runtime.entries(), [])
        self.assert_nothing_left()

    def test_many_one_after_another(self):
        """No unit stays, neither a loaded one nor one that has failed."""
        bundle = self.bundle("/bin/probe", "exit", "1")
        names = [self.new_id() for _ in range(20)]
        for name in names:
            self.runtime.ok("create", "--bundle", bundle.path, name)
            self.runtime.ok("start", name)
            self.runtime.ok("delete", "--force", name)
        self.assert_no_unit(names)

    def assert_no_unit(self, names):
        shown = systemctl("list-units", "--all", "--plain", "--no-legend", "--type", "scope")
        self.assertEqual(shown.status, 0, str(shown))
        self.assertEqual([line for line in shown.stdout.splitlines() if any(name in line for name in names)], [])
        self.assert_nothing_left()

    def test_many_at_once(self):
        names = [self.new_id() for _ in range(6)]
        bundle = self.bundle("/bin/true")
        results = []

        def run(name):
            results.append(self.runtime.call("run", "--bundle", bundle.path, name, timeout=60).status)
        threads = [threading.Thread(target=run, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [0] * 6)
        self.assert_no_unit(names)


class Sessions(UnitCase):
    """An ordinary user with a systemd of his own, who calls orlop from outside of it, as from a login."""

    name, uid = "orlopsailor", 4242

    def setUp(self):
        super().setUp()
        # Accounts are made for good: only where the whole machine is thrown away.
        if not IS_ROOT or not os.path.isdir("/run/lab"):
            skip("makes a user: for root in a guest of the lab")
        entries = {"passwd": "%s:x:%d:%d::/:/bin/sh", "group": "%s:x:%d:", "shadow": "%s:!:20000::::::"}
        for file, line in entries.items():
            with open("/etc/" + file, "r+") as opened:
                if self.name not in opened.read():
                    opened.write(line % ((self.name,) + (self.uid,) * line.count("%d")) + "\n")
        self.assertEqual(systemctl("start", "user@%d.service" % self.uid).status, 0)
        self.addCleanup(systemctl, "stop", "user@%d.service" % self.uid)
        self.run_directory = "/run/user/%d" % self.uid
        bus = self.run_directory + "/bus"
        program.until(lambda: os.path.exists(bus), "the user's bus is there", 20)
        self.env = program.environment(XDG_RUNTIME_DIR=self.run_directory, DBUS_SESSION_BUS_ADDRESS="unix:path=" + bus)
        os.chown(self.directory, self.uid, self.uid)

    def as_user(self, *words, scope=True, manager="systemd"):
        """In a scope of the system's, beside the user's own service."""
        place = ["systemd-run", "--quiet", "--scope", "--slice=user-%d.slice" % self.uid] if scope else []
        argv = [*place, "setpriv", "--reuid=%d" % self.uid, "--regid=%d" % self.uid, "--clear-groups", "--",
                *self.runtime.argv(*words, options=["--cgroup-manager", manager])]
        return program.run(argv, env=self.env, timeout=60)

    def rootless(self, bundle):
        spec = os.path.join(self.directory, "spec")
        os.mkdir(spec)
        os.chown(spec, self.uid, self.uid)
        self.assertEqual(self.as_user("spec", "--rootless", "--bundle", spec, scope=False).status, 0)
        with open(os.path.join(spec, "config.json")) as file:
            bundle.config = json.load(file)
        bundle.process.update(terminal=False, args=["/bin/probe", "sleep"])
        for path, directories, _ in os.walk(bundle.path):
            for each in ["."] + directories:
                os.lchown(os.path.join(path, each), self.uid, self.uid)

    def test_exec_gets_into_the_unit(self):
        bundle, name = self.bundle(change=self.rootless), self.new_id()
        result = self.as_user("run", "--detach", "--bundle", bundle.path, name)
        self.assertEqual(result.status, 0, str(result))
        place = cgroup.own(self.pid_of(name))[""]
        self.assertIn("/user@%d.service/" % self.uid, place)
        file = os.path.join(self.directory, "pid")
        result = self.as_user("exec", "--pid-file", file, "--detach", name, "/bin/probe", "sleep")
        self.assertEqual(result.status, 0, str(result))
        with open(file) as opened:
            self.assertEqual(cgroup.own(int(opened.read()))[""], place)
        self.assertEqual(self.as_user("exec", name, "/bin/probe", "exit", "7").status, 7)
        self.assertEqual(self.as_user("delete", "--force", name).status, 0)

    def test_without_a_unit_the_line_says_where_it_was_called(self):
        """The container's cgroup was made by hand, in what is delegated to the user."""
        inside = "/sys/fs/cgroup/user.slice/user-%d.slice/user@%d.service" % (self.uid, self.uid)
        for each in (inside + "/by-hand", inside + "/by-hand/start"):
            os.mkdir(each)
            self.addCleanup(cgroup.remove, each)
            for file in ("", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"):
                os.chown(each + file, self.uid, self.uid)

        def change(bundle):
            self.rootless(bundle)
            bundle.linux["cgroupsPath"] = inside[len("/sys/fs/cgroup"):] + "/by-hand/web"
        bundle, name = self.bundle(change=change), self.new_id()
        enter = ["/bin/sh", "-c", 'echo 0 >"$0"/cgroup.procs && exec "$@"', inside + "/by-hand/start"]
        argv = [*enter, "setpriv", "--reuid=%d" % self.uid, "--regid=%d" % self.uid, "--clear-groups", "--",
                *Runtime.argv(self.runtime, "run", "--detach", "--bundle", bundle.path, name)]
        result = program.run(argv, env=self.env)
        self.assertEqual(result.status, 0, str(result))
        result = self.as_user("exec", name, "/bin/true", manager="cgroupfs")
        self.assertEqual(result.status, 255, str(result))
        self.assertIn("hint: orlop was called in the cgroup /user.slice/user-%d.slice/run-" % self.uid, result.stderr)
        self.assertEqual(self.as_user("delete", "--force", name, manager="cgroupfs").status, 0)


if __name__ == "__main__":
    runner.main(needs_root=False)
