#!/usr/bin/python3
"""kill: how signals may be written, and what a dead container answers."""

import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


class Kill(ContainerCase):
    def receiver(self, count):
        """A container that prints the next signals."""
        name = self.start_sleeper(args=("/bin/probe", "wait-signal", str(count)))
        self.wait_for_output(name, "ready\n")
        return name

    def received(self, name, count):
        program.until(lambda: len(self.output_of(name).splitlines()) > count, "%d signals arrive" % count)
        return [json.loads(line)["signal"] for line in self.output_of(name).splitlines()[1:]]

    @quick
    def test_every_way_to_write_a_signal(self):
        words = ["TERM", "SIGTERM", "sigterm", "Term", "15", "HUP", "sigusr1", "2", "WINCH"]
        numbers = [15, 15, 15, 15, 15, 1, signal.SIGUSR1, 2, signal.SIGWINCH]
        name = self.receiver(len(words) + 1)
        for index, word in enumerate(words):
            self.runtime.ok("kill", name, word)
            self.assertEqual(self.received(name, index + 1)[-1], numbers[index], word)
        self.end(name)

    def test_real_time_signals_have_names(self):
        words = ["SIGRTMIN", "RTMIN+1", "sigrtmax"]
        name = self.receiver(len(words) + 1)
        for index, word in enumerate(words):
            self.runtime.ok("kill", name, word)
            self.received(name, index + 1)
        self.assertEqual(self.received(name, 3), [signal.SIGRTMIN, signal.SIGRTMIN + 1, signal.SIGRTMAX])
        self.end(name)

    @quick
    def test_term_is_the_default(self):
        name = self.receiver(2)
        self.runtime.ok("kill", name)
        self.assertEqual(self.received(name, 1), [15])
        self.end(name)

    def test_options_may_follow_the_id(self):
        name = self.start_sleeper()
        self.runtime.ok("kill", name, "--all", "KILL")
        self.runtime.wait_for(name, "stopped")

    @quick
    def test_name_after_the_id(self):
        name = self.start_sleeper()
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")

    def test_a_created_one_can_be_killed(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("kill", name, "9")
        self.runtime.wait_for(name, "stopped")

    @quick
    def test_a_stopped_one_is_not_running(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        result = self.runtime.refuses("kill", name, "KILL")
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "container not running")

    def test_unknown_signals(self):
        name = self.start_sleeper()
        for word in ("NOPE", "SIGNOPE", "-1", "65", "1000", "9x", "TERM "):
            with self.subTest(word):
                result = self.runtime.refuses("kill", "--", name, word)
                self.assertEqual(result.status, 1)
                self.assert_one_line(result)
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)

    def test_zero_asks_whether_it_runs(self):
        name = self.start_sleeper()
        self.runtime.ok("kill", name, "0")
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)
        self.runtime.refuses("kill", name, "0")

    def test_all_reaches_the_children_in_a_shared_pid_namespace(self):
        name = self.start_sleeper(
            change=lambda bundle: bundle.drop_namespace("pid"), args=("/bin/probe", "spawn", "2", "300", "+", "sleep"))
        self.wait_for_output(name, "]")
        children = json.loads(self.output_of(name))
        self.runtime.ok("kill", "--all", name, "KILL")
        for pid in children:
            self.wait_dead(pid)
        self.runtime.wait_for(name, "stopped")

    def shared(self, *args):
        return self.start_sleeper(change=lambda bundle: bundle.drop_namespace("pid"), args=args)

    def storm(self):
        sleepers = 600 if settings.PATIENCE == 1 else 60  # a fork is slow in a guest, where all are killed at once anyway
        name = self.shared("/bin/probe", "storm", str(sleepers), "2", "+", "sleep")
        self.wait_for_output(name, "storm")
        return name

    def test_all_kills_faster_than_they_fork(self):
        name = self.storm()
        self.runtime.ok("kill", "--all", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        program.until(lambda: json.loads(self.runtime.ok("ps", "--format", "json", name).stdout) == [], "all are gone")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    def test_delete_kills_faster_than_they_fork(self):
        name = self.storm()
        self.runtime.ok("delete", "--force", name)
        self.assert_nothing_left()

    def test_all_sends_other_signals_too_and_none_stays_frozen(self):
        name = self.shared("/bin/sh", "-c", "for i in 1 2 3; do (trap 'echo got; exit' USR1; echo up; "
                           "while true; do sleep 0.05; done) & done; trap '' USR1; exec /bin/probe sleep")
        program.until(lambda: self.output_of(name).count("up") == 3, "three are up")
        self.runtime.ok("kill", "--all", name, "USR1")
        program.until(lambda: self.output_of(name).count("got") == 3, "three have got it")
        self.runtime.ok("kill", "--all", name, "KILL")
        self.runtime.wait_for(name, "stopped")

    def test_all_of_a_paused_one(self):
        name = self.shared("/bin/probe", "spawn", "2", "300", "+", "sleep")
        self.wait_for_output(name, "]")
        children = json.loads(self.output_of(name))
        self.runtime.ok("pause", name)
        self.runtime.ok("kill", "--all", name, "CONT")
        self.assertEqual(self.runtime.status(name), "paused")
        self.runtime.ok("kill", "--all", name, "KILL")
        for pid in children:
            self.wait_dead(pid)
        self.runtime.wait_for(name, "stopped")

    def test_from_within(self):
        """A container that shares the host's pids and has its files ends itself: who does it is not frozen with the others."""
        def change(bundle):
            bundle.drop_namespace("pid")
            bundle.grant("CAP_SYS_ADMIN", "CAP_KILL", "CAP_DAC_OVERRIDE")
            bundle.config["mounts"] = [mount for mount in bundle.config["mounts"]
                                       if mount["type"] not in ("cgroup", "proc", "sysfs")]
            for directory in ("/proc", "/sys", "/run", self.directory, os.path.dirname(settings.ORLOP)):
                bundle.mount(directory, type="bind", source=directory, options=["rbind"])
            bundle.linux.update(maskedPaths=[], readonlyPaths=[])
        for words in (("kill", "--all"), ("delete", "--force")):
            with self.subTest(words[0]):
                name = self.start_sleeper(change=change)
                command = self.runtime.argv(*words, name, *(["KILL"] if words[0] == "kill" else []))
                self.runtime.call("exec", name, *command)  # it may be ended by its own hand
                self.runtime.wait_for(name, "stopped") if words[0] == "kill" else None
                self.runtime.ok("delete", "--force", name)
                self.assert_nothing_left()

    def test_kill_of_init_ends_a_whole_pid_namespace(self):
        name = self.start_sleeper(args=("/bin/probe", "spawn", "3", "300", "+", "sleep"))
        self.wait_for_output(name, "]")
        self.end(name)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
