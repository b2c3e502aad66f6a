#!/usr/bin/python3
"""run in the foreground without a terminal: exit codes, output, input, signals, orlop as the first process."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, reaper, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


def no_pid_namespace(bundle):
    bundle.drop_namespace("pid")


class Foreground(ContainerCase):
    """Helpers: a run whose output is a pipe and that is still going on."""

    def begin(self, *args, change=None, stdin=subprocess.DEVNULL, prefix=(), words=(), before=None):
        bundle = self.bundle(*args, change=change)
        self.name = self.new_id()
        argv = list(prefix) + self.runtime.argv("run", "--bundle", bundle.path, *words, self.name)
        process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, start_new_session=True, preexec_fn=before)
        self.addCleanup(self.end_process, process)
        return process

    def end_process(self, process):
        if process.poll() is None:
            program.end_group(process)
        process.stdout.close()

    def finish(self, process, timeout=20):
        output, _ = process.communicate(timeout=timeout)
        return process.returncode, output


class ExitCodes(Foreground):
    @quick
    def test_status_of_the_process(self):
        for status in (0, 1, 42, 125, 255):
            self.assertEqual(self.run_container("/bin/probe", "exit", str(status)).status, status)

    @quick
    def test_a_fault_is_128_and_the_signal(self):
        self.assertEqual(self.run_container("/bin/probe", "crash").status, 128 + signal.SIGSEGV)

    def test_a_signal_is_128_and_the_signal(self):
        """Without a pid namespace, where a process can die of its own signal."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGABRT, signal.SIGKILL):
            result = self.run_container("/bin/probe", "signal", str(int(number)), change=no_pid_namespace)
            self.assertEqual(result.status, 128 + number)

    @quick
    def test_killed_from_outside(self):
        process = self.begin("/bin/probe", "say", "up", "+", "sleep")
        process.stdout.readline()
        self.runtime.ok("kill", self.name, "KILL")
        self.assertEqual(self.finish(process)[0], 137)
        self.assert_nothing_left()


class Streams(Foreground):
    @quick
    def test_large_output_is_complete(self):
        size = 5 * 1000 * 1000 + 17
        process = self.begin("/bin/probe", "flood", str(size))
        status, output = self.finish(process)
        self.assertEqual((status, len(output)), (0, size))
        lines = output.split(b"\n")[:-1]
        self.assertEqual([int(line[:10]) for line in lines], list(range(10**9, 10**9 + len(lines))))

    def test_output_to_a_slow_reader(self):
        process = self.begin("/bin/probe", "flood", "400000")
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        self.assertEqual(len(self.finish(process)[1]), 400000)

    def test_streams_are_separate(self):
        result = self.run_container("/bin/probe", "say", "out", "+", "complain", "err")
        self.assertEqual((result.stdout, result.stderr), ("out\n", "err\n"))

    @quick
    def test_input_and_its_end(self):
        result = self.run_container("/bin/probe", "count", data=b"x" * 300000)
        self.assertEqual(json.loads(result.stdout), {"bytes": 300000, "errno": 0})

    def test_end_of_an_input_pipe(self):
        process = self.begin("/bin/probe", "count", stdin=subprocess.PIPE)
        process.stdin.write(b"abc")
        process.stdin.flush()
        time.sleep(0.1)
        self.assertIsNone(process.poll())
        status, output = self.finish(process)
        self.assertEqual((status, json.loads(output)["bytes"]), (0, 3))

    def test_a_reader_that_goes_away(self):
        """The process gets SIGPIPE, or EPIPE as here; run must end with its status, not hang or die itself."""
        process = self.begin("/bin/probe", "flood", "10000000")
        process.stdout.read(1000)
        process.stdout.close()
        self.assertIn(process.wait(20), (122, 128 + signal.SIGPIPE))
        self.assert_nothing_left()

    def test_a_pipe_belongs_to_the_containers_user(self):
        """The process may open its own /dev/stdout again, as many programs do for their log."""
        def change(bundle):
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
        process = self.begin("/bin/probe", "write", "/dev/stdout", "again", change=change)
        status, output = self.finish(process)
        self.assertIn(b'"errno":0', output)


class Signals(Foreground):
    @quick
    def test_they_reach_the_process(self):
        process = self.begin("/bin/probe", "wait-signal", str(len(FORWARDED)))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        for number in FORWARDED:
            process.send_signal(number)
            self.assertEqual(json.loads(process.stdout.readline())["signal"], number)
        self.assertEqual(self.finish(process)[0], 0)
        self.assert_nothing_left()

    def test_a_burst_is_not_lost(self):
        """Real-time signals queue; ordinary ones of different numbers all stay pending."""
        process = self.begin("/bin/probe", "wait-signal", "4")
        process.stdout.readline()
        wanted = {signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP}
        for number in wanted:
            process.send_signal(number)
        got = {json.loads(process.stdout.readline())["signal"] for _ in wanted}
        self.assertEqual(got, wanted)
        self.finish(process)

    def test_a_caller_that_blocks_them(self):
        process = self.begin("/bin/probe", "wait-signal", "1", before=lambda: signal.pthread_sigmask(
            signal.SIG_BLOCK, signal.valid_signals()))
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(json.loads(process.stdout.readline())["signal"], signal.SIGTERM)
        self.assertEqual(self.finish(process)[0], 0)

    def test_before_init_exists(self):
        """SIGTERM at every moment of a run ends it soon, and nothing stays. The process would sleep for ever."""
        bundle = self.bundle("/bin/probe", "sleep", change=no_pid_namespace)
        begin = time.monotonic()
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, self.new_id())
        span = time.monotonic() - begin
        for step in range(20):
            argv = self.runtime.argv("run", "--bundle", bundle.path, self.new_id())
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                start_new_session=True)
            time.sleep(span * 1.2 * step / 20)
            process.terminate()
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                program.end_group(process)
                self.fail("SIGTERM after %.4f s did not end the run" % (span * 1.2 * step / 20))
            self.assertNotEqual(process.returncode, 0)
        for name in self.runtime.entries():
            # Only the first one, which was detached, may still be there.
            self.assertEqual(self.runtime.status(name), "running")
            self.runtime.ok("delete", "--force", name)
        self.assert_nothing_left()

    def test_children_in_the_hosts_pid_namespace_are_ended_with_it(self):
        result = self.run_container("/bin/probe", "spawn", "2", "300", change=no_pid_namespace)
        self.assertEqual(result.status, 0)
        self.assert_nothing_left()


class FirstProcess(Foreground):
    """orlop as pid 1 of a pid namespace: signals without a handler are ignored there, and orphans are its own."""

    PREFIX = ("/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

    @quick
    def test_exit_code(self):
        for status in (0, 7):
            process = self.begin("/bin/probe", "exit", str(status), prefix=self.PREFIX)
            self.assertEqual(self.finish(process)[0], status)

    def test_signals(self):
        process = self.begin("/bin/probe", "wait-signal", "2", prefix=self.PREFIX)
        process.stdout.readline()
        first = reaper.descendants(process.pid)[0]
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(first, number)
            self.assertEqual(json.loads(process.stdout.readline())["signal"], number)
        self.assertEqual(self.finish(process)[0], 0)

    def test_orphans_are_reaped_and_the_status_is_the_containers(self):
        """A child of the container's init that outlives it becomes orlop's; its status must not be taken for init's."""
        process = self.begin("/bin/sh", "-c", "(sleep 0.2; exit 9) & exit 5", prefix=self.PREFIX,
                             change=no_pid_namespace)
        self.assertEqual(self.finish(process)[0], 5)


if __name__ == "__main__":
    runner.main()
