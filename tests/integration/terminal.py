#!/usr/bin/python3
"""A foreground run on a terminal: what a person at the keyboard sees."""

import errno
import os
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402
from harness.terminal import Session  # noqa: E402


class OnTerminal(ContainerCase):
    def session(self, *args, change=None, **how):
        """run of a container with a terminal, itself on a terminal."""
        def with_terminal(bundle):
            bundle.process["terminal"] = True
            if change:
                change(bundle)
        bundle = self.bundle(*args, change=with_terminal)
        self.name = self.new_id()
        session = Session(self.runtime.argv("run", "--bundle", bundle.path, self.name), **how)
        self.addCleanup(session.close)
        return session


class Modes(OnTerminal):
    @quick
    def test_raw_while_it_runs_and_restored_at_exit(self):
        session = self.session("/bin/probe", "say", "up", "+", "line", "+", "exit", "3")
        self.assertTrue(session.before[3] & termios.ICANON)  # now it may be raw: the program is running already
        session.read_until("up")
        self.assertTrue(session.is_raw())
        session.type("go\n")
        self.assertEqual(session.wait(), 3)
        self.assertEqual(session.modes(), session.before)
        self.assert_nothing_left()

    def test_restored_after_sigterm(self):
        session = self.session("/bin/probe", "wait-for-signal", "15")
        session.read_until("ready")
        session.process.terminate()
        self.assertEqual(session.wait(), 0)
        self.assertIn(b'"signal":15', session.seen)
        self.assertEqual(session.modes(), session.before)

    def test_restored_after_the_container_was_killed(self):
        session = self.session("/bin/probe", "say", "up", "+", "sleep")
        session.read_until("up")
        self.runtime.ok("kill", self.name, "KILL")
        self.assertEqual(session.wait(), 137)
        self.assertEqual(session.modes(), session.before)

    def test_restored_when_the_run_fails(self):
        session = self.session("/nope")
        self.assertEqual(session.wait(), 1)
        self.assertEqual(session.modes(), session.before)

    def test_unusual_modes_are_restored_too(self):
        session = self.session("/bin/probe", "say", "up", "+", "line")
        session.read_until("up")
        session.type("go\n")
        session.wait()
        modes = session.modes()
        self.assertTrue(modes[1] & termios.ONLCR)
        self.assertEqual(modes, session.before)

    @quick
    def test_newlines(self):
        """The container's pty passes \\n as it is, so that logs have what the process wrote; the person's terminal
        must then add the \\r itself, once, or the text runs down like stairs."""
        session = self.session("/bin/probe", "say", "one", "+", "say", "two")
        session.wait()
        self.assertIn(b"one\r\ntwo\r\n", session.seen)

    def test_newlines_on_the_way_to_a_file(self):
        with tempfile.TemporaryFile() as file:
            session = self.session("/bin/probe", "say", "one", "+", "say", "two", stdout=file)
            session.wait()
            file.seek(0)
            self.assertEqual(file.read(), b"one\ntwo\n")

    def test_the_containers_terminal_is_an_ordinary_one(self):
        session = self.session("/bin/probe", "report", "terminals")
        seen = session.read_json()["terminals"]
        for stream in "012":
            self.assertFalse(seen[stream]["onlcr"])
            for flag in ("echo", "isig", "icanon"):
                self.assertTrue(seen[stream][flag], flag)


class Inside(OnTerminal):
    @quick
    def test_it_is_the_controlling_terminal_of_a_session(self):
        seen = self.session("/bin/probe", "report", "terminals", "ids").read_json()
        self.assertTrue(seen["terminals"]["controlling"])
        for stream in "012":
            self.assertEqual((seen["terminals"][stream]["session"], seen["terminals"][stream]["foreground"]), (1, 1))
        self.assertEqual((seen["ids"]["sid"], seen["ids"]["pgid"]), (1, 1))

    def test_it_is_one_of_the_containers_devpts(self):
        seen = self.session("/bin/probe", "report", "terminals", "fds").read_json()
        self.assertEqual(seen["terminals"]["0"]["name"], "/dev/pts/0")
        self.assertEqual(sorted(seen["fds"]), ["0", "1", "2"])

    @quick
    def test_console(self):
        console, tty = self.lines_on_terminal("stat", "/dev/console", "/dev/pts/0")
        self.assertEqual(console["errno"], 0)
        self.assertEqual((console["major"], console["minor"]), (tty["major"], tty["minor"]))
        self.assertEqual(console["format"], 0o020000)

    def lines_on_terminal(self, *args):
        session = self.session("/bin/probe", *args)
        return [session.read_json(), session.read_json()]

    def test_owner_of_the_terminal(self):
        def sailor(bundle):
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
        for change in (sailor, lambda bundle: (sailor(bundle), bundle.user_namespace())):
            session = self.session("/bin/probe", "stat", "/dev/pts/0", "+", "write", "/dev/tty", change=change)
            node, opened = session.read_json(), session.read_json()
            self.assertEqual((node["uid"], opened["errno"]), (1000, 0))

    def test_without_a_terminal_the_callers_is_out_of_reach(self):
        """terminal: false on a terminal: the process must not get the caller's as its controlling terminal."""
        session = self.session("/bin/probe", "report", "terminals", "+", "push-input",
                               change=lambda bundle: bundle.process.update(terminal=False))
        seen, push = session.read_json(), session.read_json()
        self.assertFalse(seen["terminals"]["controlling"])
        self.assertNotEqual(push["errno"], 0)
        session.wait()

    def errno_of_a_push(self):
        """What the kernel says to whom the terminal does not control: ioctl_tty(2), TIOCSTI."""
        try:
            with open("/proc/sys/dev/tty/legacy_tiocsti") as file:
                return errno.EPERM if file.read().strip() == "1" else errno.EIO
        except FileNotFoundError:
            return errno.EPERM

    def assert_nothing_typed(self, session):
        """A shell that started orlop would read it next, as if the person had typed it."""
        modes = session.modes()
        modes[3] &= ~termios.ICANON
        termios.tcsetattr(session.slave, termios.TCSANOW, modes)
        self.assertEqual(select.select([session.slave], [], [], 0)[0], [])

    def test_no_input_is_pushed_into_the_callers_terminal(self):
        session = self.session("/bin/probe", "push-input", change=lambda bundle: bundle.process.update(terminal=False))
        self.assertEqual(session.read_json()["errno"], self.errno_of_a_push())
        session.wait()
        self.assert_nothing_typed(session)
        # Into its own terminal it may push, where that is allowed at all.
        session = self.session("/bin/probe", "push-input")
        session.wait()
        self.assert_nothing_typed(session)

    def test_no_input_is_pushed_by_exec(self):
        name = self.start_sleeper()
        for words in ((), ("--tty",)):
            session = Session(self.runtime.argv("exec", *words, name, "/bin/probe", "push-input"))
            self.addCleanup(session.close)
            pushed = session.read_json()["errno"]
            if not words:
                self.assertEqual(pushed, self.errno_of_a_push())
            session.wait()
            self.assert_nothing_typed(session)

    def test_exec_has_a_controlling_terminal(self):
        """One of its own: not that of the container's program."""
        name = self.start_sleeper()
        session = Session(self.runtime.argv("exec", "--tty", name, "/bin/probe", "report", "terminals", "ids"))
        self.addCleanup(session.close)
        seen = session.read_json()
        self.assertTrue(seen["terminals"]["controlling"])
        own = seen["ids"]["sid"]
        self.assertEqual(seen["ids"]["pgid"], own)
        self.assertNotEqual(own, 1)
        for stream in "012":
            self.assertEqual((seen["terminals"][stream]["session"], seen["terminals"][stream]["foreground"]), (own, own))
        session.wait()

    def test_real_shell(self):
        session = self.session("/bin/sh", change=lambda bundle: bundle.process["env"].append("PS1=deck> "))
        session.read_until("deck> ")
        session.type("echo $((6 * 7))\n")
        session.read_until("\n42")
        session.type("stty -a | head -n 1; exit 4\n")
        self.assertEqual(session.wait(), 4)


class Size(OnTerminal):
    @quick
    def test_first_size(self):
        seen = self.session("/bin/probe", "report", "terminals", rows=33, columns=111).read_json()["terminals"]
        self.assertEqual((seen["0"]["rows"], seen["0"]["columns"]), (33, 111))

    @quick
    def test_it_follows(self):
        session = self.session("/bin/probe", "wait-for-signal", "15")
        session.read_until("ready")
        session.read_rest()
        for rows, columns in ((50, 132), (10, 20)):
            session.resize(rows, columns)
            seen = session.read_json()
            self.assertEqual((seen["signal"], seen["rows"], seen["columns"]), (signal.SIGWINCH, rows, columns))
        session.process.terminate()
        self.assertEqual(session.wait(), 0)

    def test_console_size_of_the_configuration(self):
        def change(bundle):
            bundle.process["consoleSize"] = {"height": 12, "width": 34}
        self.need_support(change)
        seen = self.session("/bin/probe", "report", "terminals", change=change, rows=24, columns=80).read_json()
        # The caller's own terminal knows better than the file; either is fine, nothing else is.
        self.assertIn((seen["terminals"]["0"]["rows"], seen["terminals"]["0"]["columns"]), [(24, 80), (12, 34)])


class Keys(OnTerminal):
    @quick
    def test_interrupt_suspend_quit(self):
        session = self.session("/bin/probe", "wait-for-signal", "3")
        session.read_until("ready")
        for key, number in (("\x03", signal.SIGINT), ("\x1a", signal.SIGTSTP), ("\x1c", signal.SIGQUIT)):
            session.type(key)
            self.assertEqual(self.next_signal(session), number)
        self.assertEqual(session.wait(), 0)

    def next_signal(self, session):
        """A window size may be announced at any time."""
        while True:
            number = session.read_json()["signal"]
            if number != signal.SIGWINCH:
                return number

    def test_end_of_input(self):
        session = self.session("/bin/probe", "say", "up", "+", "count")
        session.read_until("up")
        session.type("abc\n")
        session.type("\x04")
        self.assertEqual(session.read_json(), {"bytes": 4, "errno": 0})
        session.wait()

    def test_bytes_pass_unchanged(self):
        session = self.session("/bin/probe", "raw", "+", "say", "up", "+", "line")
        session.read_until("up")
        session.type(b"\x03\x1a\x00\xc3\xa9\x7f\x11\n")
        self.assertEqual(session.read_json()["line"], "\x03\x1a\x00é\x7f\x11")

    def test_long_input(self):
        session = self.session("/bin/probe", "raw", "+", "say", "up", "+", "line")
        session.read_until("up")
        session.type(b"x" * 200000 + b"\n")
        self.assertEqual(len(session.read_json()["line"]), 200000)

    def test_job_control_in_a_shell(self):
        self.check_job_control(self.session("/bin/sh", change=lambda bundle: bundle.process["env"].append("PS1=deck> ")))

    def test_job_control_in_a_shell_of_exec(self):
        session = Session(self.runtime.argv("exec", "--tty", "--env", "PS1=deck> ", self.start_sleeper(), "/bin/sh"))
        self.addCleanup(session.close)
        self.check_job_control(session)

    def check_job_control(self, session):
        session.read_until("deck> ")
        session.type("sleep 100\n")
        session.read_until("sleep 100")
        time.sleep(0.2)
        session.type("\x1a")
        session.read_until("deck> ")
        session.type("jobs\n")
        session.read_until("Stopped")
        session.type("fg\n")
        session.read_until("sleep 100")
        time.sleep(0.2)
        session.type("\x03")
        session.read_until("deck> ")
        session.type("exit 0\n")
        self.assertEqual(session.wait(), 0)


class Output(OnTerminal):
    def expected(self, size):
        """What the terminal shows: the probe's bytes, with the \\r that the terminal adds to each \\n."""
        argv = [settings.PROBE, "flood", str(size)]
        return subprocess.run(argv, stdout=subprocess.PIPE).stdout.replace(b"\n", b"\r\n")

    @quick
    def test_no_byte_is_lost(self):
        size = int(3 * 1000 * 1000 / settings.PATIENCE) + 5  # far more than all the buffers on the way
        session = self.session("/bin/probe", "flood", str(size))
        self.assertEqual(session.wait(), 0)
        wanted = self.expected(size)
        self.assertEqual(len(session.seen), len(wanted))
        self.assertTrue(session.seen == wanted, "the same length, but not the same bytes")

    def test_the_last_bytes_of_many_short_runs(self):
        """What is written right before the end comes out although nobody has the pty open any more."""
        for _ in range(15):
            session = self.session("/bin/probe", "flood", "5000")
            self.assertEqual(session.wait(), 0)
            self.assertEqual(session.seen, self.expected(5000))

    def test_a_reader_that_starts_late(self):
        session = self.session("/bin/probe", "flood", "500000")
        time.sleep(0.7)
        self.assertIsNone(session.process.poll())
        session.wait()
        self.assertEqual(session.seen, self.expected(500000))

    def test_a_background_process_does_not_hold_the_run_up(self):
        """It dies with the pid namespace, but for a moment it has the pty open."""
        session = self.session("/bin/probe", "spawn", "2", "300", "+", "say", "end")
        self.assertEqual(session.wait(), 0)
        self.assertIn(b"end", session.seen)


class Odd(OnTerminal):
    def test_hang_up_ends_the_run(self):
        session = self.session("/bin/sh", change=lambda bundle: bundle.process["env"].append("PS1=deck> "))
        session.read_until("deck> ")
        session.hang_up()
        session.process.wait(10)
        self.assert_nothing_left()

    def test_input_from_a_file_output_to_a_terminal(self):
        session = self.session("/bin/probe", "say", "hello", stdin=subprocess.DEVNULL)
        self.assertEqual(session.wait(), 0)
        self.assertIn(b"hello", session.seen)

    def test_no_terminal_at_all(self):
        """terminal: true under a caller that has none, as in a script: it works, or it is refused in one line."""
        result = self.run_container("/bin/probe", "say", "hello", change=lambda bundle: bundle.process.update(
            terminal=True))
        if result.status == 0:
            self.assertEqual(result.stdout, "hello\n")
        else:
            self.assert_one_line(result)
        self.assert_nothing_left()

    def test_stop_and_continue_of_the_runtime(self):
        """A shell's job control stops the runtime, not the container; on continuing the terminal is raw again."""
        session = self.session("/bin/probe", "say", "up", "+", "line")
        session.read_until("up")
        session.process.send_signal(signal.SIGSTOP)
        program.until(lambda: self.stopped(session.process.pid), "the runtime is stopped")
        session.process.send_signal(signal.SIGCONT)
        session.type("go\n")
        self.assertEqual(session.read_json(), {"line": "go"})
        self.assertEqual(session.wait(), 0)

    def stopped(self, pid):
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] == "T"


if __name__ == "__main__":
    runner.main()
