#!/usr/bin/python3
"""NOTIFY_SOCKET: what a program says to sd_notify(3) reaches the service manager that started orlop."""

import array
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

SOCKET = "/run/notify/notify.sock"


class Manager:
    """Reads as systemd does: a barrier's descriptor is closed when all before it is read."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(10)

    def read(self):
        data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
        descriptors = array.array("i")
        for _, _, content in ancillary:
            descriptors.frombytes(content[:len(content) - len(content) % 4])
        for one in descriptors:
            os.close(one)
        return data.decode().splitlines(), len(descriptors)

    def quiet(self):
        self.socket.settimeout(0.3)
        try:
            return self.read()
        except socket.timeout:
            return None


class Notify(ContainerCase):
    def setUp(self):
        super().setUp()
        short = tempfile.mkdtemp(prefix="ot", dir="/tmp")
        self.addCleanup(lambda: (os.path.exists(self.address) and os.unlink(self.address), os.rmdir(short)))
        self.address = os.path.join(short, "s")
        self.manager = Manager(self.address)
        self.addCleanup(self.manager.socket.close)
        self.env = program.environment(NOTIFY_SOCKET=self.address)

    def speaker(self, *messages, then="sleep"):
        """A program that says these to its socket."""
        words = []
        for message in messages:
            words += ["notify", message, "+"]
        return ("/bin/probe", *words, then)

    def start_in_background(self, *words):
        process = subprocess.Popen(self.runtime.argv(*words), env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stderr.close()))
        return process

    def assert_ready(self, name, before=()):
        lines, _ = self.manager.read()
        self.assertEqual(lines, [*before, "READY=1", "MAINPID=%d" % self.pid_of(name)])

    @quick
    def test_start_waits(self):
        name, _ = self.create(*self.speaker("STATUS=loading", "READY=1\nSTATUS=up"), env=self.env)
        process = self.start_in_background("start", name)
        self.assertEqual(self.manager.read(), (["STATUS=loading"], 0))
        lines, _ = self.manager.read()
        self.assertEqual(lines, ["READY=1", "STATUS=up", "MAINPID=%d" % self.pid_of(name)])
        time.sleep(0.1)
        self.assertIsNone(process.poll(), "it waits until the manager has read all")
        self.assertEqual(self.manager.read(), (["BARRIER=1"], 1))
        self.assertEqual(process.wait(10), 0)

    @quick
    def test_detached_run(self):
        bundle = self.bundle(*self.speaker("READY=1"))
        name = self.new_id()
        process = self.start_in_background("run", "--detach", "--bundle", bundle.path, name)
        self.assert_ready(name)
        self.assertEqual(self.manager.read(), (["BARRIER=1"], 1))
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(self.runtime.status(name), "running")

    def test_run_hands_on_for_as_long_as_it_lives(self):
        for then in ("sleep", "say"):  # "say" ends at once, and what was said last is handed on nevertheless
            with self.subTest(then):
                bundle = self.bundle(*self.speaker("READY=1", "STATUS=one", "RELOADING=1", "STOPPING=1", then=then))
                process = self.start_in_background("run", "--bundle", bundle.path, self.new_id())
                said = [self.manager.read()[0] for _ in range(4)]
                self.assertEqual(said[0][0], "READY=1")
                self.assertTrue(said[0][1].startswith("MAINPID="))
                self.assertEqual(said[1:], [["STATUS=one"], ["RELOADING=1"], ["STOPPING=1"]])
                if then == "sleep":
                    self.assertIsNone(process.poll(), "it runs")

    def test_what_is_not_handed_on(self):
        """Pids are others inside, and nobody outside is made to keep descriptors."""
        name, _ = self.create(*self.speaker("MAINPID=1", "BARRIER=1", "FDSTORE=1\nFDNAME=x", "MAINPID=1\nREADY=1"), env=self.env)
        self.start_in_background("start", name)
        self.assert_ready(name)

    def test_start_ends_with_the_container(self):
        name, _ = self.create("/bin/true", env=self.env)
        process = self.start_in_background("start", name)
        self.assertEqual(process.wait(10), 0)
        self.assertIsNone(self.manager.quiet())

    def test_interrupted(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        process = self.start_in_background("run", "--detach", "--bundle", bundle.path, name)
        self.runtime.wait_for(name, "running")
        process.terminate()
        self.assertEqual(process.wait(10), 143)
        self.assertIsNone(self.runtime.status(name))

    def test_of_another_user(self):
        def change(bundle):
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
        name, _ = self.create(*self.speaker("READY=1"), env=self.env, change=change)
        self.start_in_background("start", name)
        self.assert_ready(name)

    def test_of_a_user_namespace(self):
        name, _ = self.create(*self.speaker("READY=1"), env=self.env, change=lambda bundle: bundle.user_namespace())
        self.start_in_background("start", name)
        self.assert_ready(name)

    def test_an_abstract_socket(self):
        address = "ot-notify-%d" % os.getpid()
        self.manager.socket.close()
        self.manager = Manager("\0" + address)
        self.env = program.environment(NOTIFY_SOCKET="@" + address)
        name, _ = self.create(*self.speaker("READY=1"), env=self.env)
        self.start_in_background("start", name)
        self.assert_ready(name)

    def test_environment(self):
        """It is the own socket's in the container, and neither exec nor a container without a manager has one."""
        shown = ("/bin/sh", "-c", "echo $NOTIFY_SOCKET")
        name, _ = self.create("/bin/sh", "-c", "echo $NOTIFY_SOCKET; sleep 100; :", env=self.env,
                              change=lambda b: b.process["env"].append("NOTIFY_SOCKET=/of/the/config"))
        self.start_in_background("start", name)
        self.wait_for_output(name, SOCKET + "\n")
        with open("/proc/%d/environ" % self.pid_of(name)) as file:
            self.assertEqual([one for one in file.read().split("\0") if one.startswith("NOTIFY_SOCKET=")], ["NOTIFY_SOCKET=" + SOCKET])
        self.assertEqual(self.runtime.ok("exec", name, *shown, env=self.env).stdout, "/of/the/config\n")
        self.assertEqual(self.run_container(*shown).stdout, "\n")
        for command in ("touch /run/notify/x", "rm /run/notify/notify.sock"):
            self.assertNotEqual(self.runtime.call("exec", name, "/bin/busybox", *command.split()).status, 0)

    def test_nothing_left(self):
        name, _ = self.create(*self.speaker("READY=1"), env=self.env)
        self.runtime.ok("delete", name)
        self.assert_nothing_left()
        name, _ = self.create(*self.speaker("READY=1", then="say"), env=self.env)
        process = self.start_in_background("start", name)
        self.assertEqual(self.manager.read()[0][0], "READY=1")
        self.assertEqual(self.manager.read(), (["BARRIER=1"], 1))
        self.assertEqual(process.wait(10), 0)
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
