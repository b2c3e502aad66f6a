#!/usr/bin/python3
"""Descriptors that are meant for the program: --preserve-fds and LISTEN_FDS; and the pidfd that an engine asks for."""

import array
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

from userns import joined, user_namespace  # noqa: E402

OPEN_TWO = "3</etc/passwd 4</etc/group"


class Preserved(ContainerCase):
    def call(self, opened, *words, environment=""):
        """orlop, started by a shell that has opened these files."""
        script = "%s exec \"$@\" %s" % (environment, opened)
        return program.run(["/bin/sh", "-c", script, "sh", *self.runtime.argv(*words)])

    def seen(self, opened, *words, environment="", args=("/bin/probe", "report", "fds", "env")):
        bundle = self.bundle(*args)
        result = self.call(opened, "run", "--bundle", bundle.path, *words, self.new_id(), environment=environment)
        self.assertEqual(result.status, 0, str(result))
        self.assert_nothing_left()
        return json.loads(result.stdout)

    @quick
    def test_as_many_as_asked_for(self):
        for count, wanted in (("0", []), ("1", ["/etc/passwd"]), ("2", ["/etc/passwd", "/etc/group"])):
            fds = self.seen(OPEN_TWO + " 5</dev/zero", "--preserve-fds", count)["fds"]
            self.assertEqual([fds[number]["target"] for number in sorted(fds) if int(number) > 2], wanted)

    def test_create_and_start(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        self.assertEqual(self.call(OPEN_TWO, "create", "--preserve-fds=2", "--bundle", bundle.path, name).status, 0)
        self.runtime.ok("start", name)
        self.assertEqual(sorted(os.listdir("/proc/%d/fd" % self.pid_of(name))), ["0", "1", "2", "3", "4"])
        self.end(name)

    def test_exec(self):
        name = self.start_sleeper()
        result = self.call(OPEN_TWO, "exec", "--preserve-fds", "1", name, "/bin/probe", "report", "fds")
        fds = json.loads(result.stdout)["fds"]
        self.assertEqual((sorted(fds), fds["3"]["target"]), (["0", "1", "2", "3"], "/etc/passwd"))

    @quick
    def test_some_that_are_not_open(self):
        """Podman's --preserve-fd leaves some out on purpose. None of orlop's own, which have those numbers meanwhile, is
        seen: neither by the program nor by a hook."""
        rows = (("3</etc/passwd 5</dev/zero", "3", {"3": "/etc/passwd", "5": "/dev/zero"}),
                ("3<&- 4</etc/passwd", "2", {"4": "/etc/passwd"}),
                ("3<&- 9</etc/passwd", "100", {"9": "/etc/passwd"}),
                ("3<&- 9</etc/passwd", "6", {}))
        log = os.path.join(self.directory, "log")
        seen = os.path.join(self.directory, "hook")
        script = "exec >%s; for n in 0 1 2 3 4 5 6 7 8 9 10 11 12; do if [ -e /proc/self/fd/$n ]; then echo $n; fi; done" % seen
        hook = {"path": "/bin/sh", "args": ["sh", "-c", script]}

        def change(bundle):
            bundle.config["hooks"] = {"createContainer": [hook]}
        for opened, count, wanted in rows:
            for words in ((), ("--log", log, "--debug")):
                with self.subTest(opened + str(words)):
                    bundle = self.bundle("/bin/probe", "report", "fds", change=change)
                    argv = self.runtime.argv("run", "--bundle", bundle.path, "--preserve-fds", count, self.new_id(), options=words)
                    result = program.run(["/bin/sh", "-c", "exec \"$@\" " + opened, "sh", *argv])
                    self.assertEqual(result.status, 0, str(result))
                    fds = json.loads(result.stdout)["fds"]
                    self.assertEqual({fd: row["target"] for fd, row in fds.items() if int(fd) > 2}, wanted)
                    with open(seen) as file:
                        self.assertEqual(file.read().split(), ["0", "1", "2"])
                    os.unlink(seen)
        self.assert_nothing_left()

    def test_some_that_are_not_open_of_exec(self):
        name = self.start_sleeper()
        result = self.call("3<&- 6</etc/passwd", "exec", "--preserve-fds", "9", name, "/bin/probe", "report", "fds")
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(sorted(json.loads(result.stdout)["fds"]), ["0", "1", "2", "6"], str(result))
        # Orlop's own have lower numbers.
        argv = self.runtime.argv("exec", "--preserve-fds", "99", name, "/bin/probe", "report", "fds")
        result = program.run(["/bin/bash", "-c", "exec 90</etc/passwd; exec \"$@\"", "bash", *argv])
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(sorted(json.loads(result.stdout)["fds"]), ["0", "1", "2", "90"], str(result))

    def test_into_a_joined_user_namespace(self):
        """By way of one more process."""
        donor = self.start_sleeper(user_namespace)

        bundle = self.bundle("/bin/probe", "report", "fds", change=joined("/proc/%d/ns/user" % self.pid_of(donor)))
        result = self.call("3</etc/passwd 5</etc/group", "run", "--bundle", bundle.path, "--preserve-fds", "3", self.new_id())
        self.assertEqual(sorted(json.loads(result.stdout)["fds"]), ["0", "1", "2", "3", "5"], str(result))

    def test_fewer_than_are_offered(self):
        """And not the log, which gets the next number."""
        bundle = self.bundle("/bin/probe", "report", "fds")
        log = os.path.join(self.directory, "log")
        argv = self.runtime.argv("run", "--bundle", bundle.path, "--preserve-fds", "100", self.new_id(), options=("--log", log))
        result = program.run(["/bin/sh", "-c", "exec \"$@\" 3</etc/passwd", "sh", *argv])
        self.assertEqual(sorted(json.loads(result.stdout)["fds"]), ["0", "1", "2", "3"], str(result))

    def test_no_number(self):
        bundle = self.bundle("/bin/true")
        for text in ("-1", "x", "", "1025", "1000000", "4294967296"):
            result = self.call(OPEN_TWO, "run", "--bundle", bundle.path, "--preserve-fds=" + text, self.new_id())
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "--preserve-fds", "is no number of descriptors (0 to 1024)")

    def test_listen_fds(self):
        """sd_listen_fds(3): for the program, with its own pid."""
        seen = self.seen(OPEN_TWO, environment="LISTEN_FDS=2 LISTEN_PID=$$", args=(
            "/bin/probe", "report", "fds", "env"))
        self.assertEqual(sorted(seen["fds"]), ["0", "1", "2", "3", "4"])
        entries = seen["env"]
        self.assertIn("LISTEN_FDS=2", entries)
        self.assertIn("LISTEN_PID=1", entries)

    def test_listen_fds_for_somebody_else(self):
        seen = self.seen(OPEN_TWO, environment="LISTEN_FDS=2 LISTEN_PID=1")
        self.assertEqual(sorted(seen["fds"]), ["0", "1", "2"])
        self.assertFalse([entry for entry in seen["env"] if entry.startswith("LISTEN_")])

    def test_both(self):
        seen = self.seen(OPEN_TWO, "--preserve-fds", "1", environment="LISTEN_FDS=1 LISTEN_PID=$$")
        self.assertEqual(sorted(seen["fds"]), ["0", "1", "2", "3", "4"])
        self.assertIn("LISTEN_FDS=1", seen["env"])


class Pidfd(ContainerCase):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.directory, "pidfd.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(self.listener.close)
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(5)

    def received(self):
        """The text, and the pid that the descriptor is one of."""
        peer, _ = self.listener.accept()
        with peer:
            text, ancillary, _, _ = peer.recvmsg(64, socket.CMSG_SPACE(64))
        fds = array.array("i")
        fds.frombytes(ancillary[0][2])
        with open("/proc/self/fdinfo/%d" % fds[0]) as info:
            pid = next(int(line.split()[1]) for line in info if line.startswith("Pid:"))
        os.close(fds[0])
        self.assertEqual(len(fds), 1)
        return text.decode(), pid

    @quick
    def test_create(self):
        name, _ = self.create("/bin/probe", "sleep", words=("--pidfd-socket", self.path))
        self.assertEqual(self.received(), ("standard", self.pid_of(name)))
        self.end(name)

    def test_annotation(self):
        name, _ = self.create("/bin/probe", "sleep", change=lambda bundle: bundle.config.update(
            annotations={"run.oci.pidfd_receiver": self.path}))
        self.assertEqual(self.received(), ("standard", self.pid_of(name)))
        self.end(name)
        bundle = self.bundle("/bin/true", change=lambda bundle: bundle.config.update(
            annotations={"run.oci.pidfd_receiver": "somewhere"}))
        self.assert_one_line(self.runtime.refuses("create", "--bundle", bundle.path, self.new_id()),
                             'annotations["run.oci.pidfd_receiver"]', "somewhere")

    def test_exec(self):
        name = self.start_sleeper()
        pid_file = os.path.join(self.directory, "pid")
        self.runtime.ok("exec", "--detach", "--pid-file", pid_file, "--pidfd-socket", self.path, name, "/bin/probe", "sleep")
        with open(pid_file) as file:
            self.assertEqual(self.received(), ("setns", int(file.read())))
        self.end(name)

    def test_nobody_listens(self):
        bundle = self.bundle("/bin/true")
        result = self.runtime.refuses("create", "--bundle", bundle.path, "--pidfd-socket", self.path + "x", self.new_id())
        self.assert_one_line(result, "pidfd socket", "no such file or directory")
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
