#!/usr/bin/python3
"""What the container must not inherit from whoever called the runtime."""

import ctypes
import json
import os
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

PR_SET_PDEATHSIG = 1
PR_SET_TIMERSLACK = 29
PR_SET_THP_DISABLE = 41
PR_SET_KEEPCAPS = 8
RESTORABLE = [number for number in range(1, 65) if number not in (9, 19, 32, 33)]


def block_everything():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def ignore_everything():
    for number in RESTORABLE:
        signal.signal(number, signal.SIG_IGN)


class Descriptors(ContainerCase):
    def leak(self):
        """Twenty descriptors as a careless caller leaves them: files, directories, pipes, a socket."""
        files = [os.open("/etc/passwd", os.O_RDONLY) for _ in range(8)]
        files += [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(4)]
        files += [os.open("/sys/fs/cgroup", os.O_RDONLY | os.O_DIRECTORY), os.open("/proc/self", os.O_PATH)]
        for _ in range(3):
            files += os.pipe()
        for each in files:
            self.addCleanup(os.close, each)
        return files

    @quick
    def test_only_the_first_three(self):
        self.assertEqual(sorted(self.report("fds")["fds"]), ["0", "1", "2"])

    @quick
    def test_only_the_first_three_under_a_leaking_caller(self):
        seen = self.report("fds", pass_fds=self.leak())["fds"]
        self.assertEqual(sorted(seen), ["0", "1", "2"])

    def test_the_same_by_create_and_start(self):
        name, _ = self.create("/bin/probe", "sleep", pass_fds=self.leak())
        self.runtime.ok("start", name, pass_fds=self.leak())
        pid = self.pid_of(name)
        self.assertEqual(sorted(os.listdir("/proc/%d/fd" % pid)), ["0", "1", "2"])
        self.end(name)

    def test_the_callers_leak_is_seen_without_a_runtime(self):
        """Sees the tests above fail: the probe alone reports what it was handed."""
        result = program.run([settings.PROBE, "report", "fds"], pass_fds=self.leak())
        self.assertGreaterEqual(len(json.loads(result.stdout)["fds"]), 23)

    def test_the_first_three_are_the_callers(self):
        """Not copies over pipes of the runtime: what create gets is what the process has."""
        name, _ = self.create("/bin/probe", "sleep")
        pid = self.pid_of(name)
        self.runtime.ok("start", name)
        for number in (1, 2):
            self.assertIn(tempfile.gettempdir(), os.readlink("/proc/%d/fd/%d" % (pid, number)))
        self.assertEqual(os.readlink("/proc/%d/fd/0" % pid), "/dev/null")
        self.end(name)

    def test_closed_standard_streams(self):
        """A caller that closed 0, 1 and 2: the container's own files must not take their place."""
        def close_all():
            for number in (0, 1, 2):
                os.close(number)
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        self.runtime.ok("create", "--bundle", bundle.path, name, before=close_all)
        pid = self.pid_of(name)
        self.runtime.ok("start", name)
        links = [os.readlink("/proc/%d/fd/%s" % (pid, each)) for each in os.listdir("/proc/%d/fd" % pid)]
        self.assertLessEqual(len(links), 3)
        self.assertLessEqual(set(links), {"/dev/null"})
        self.end(name)


class Signals(ContainerCase):
    def seen(self, before):
        seen = self.report("signals", before=before)["signals"]
        return seen["blocked"], seen["ignored"]

    @quick
    def test_a_plain_caller(self):
        self.assertEqual(self.seen(None), ([], []))

    @quick
    def test_a_caller_that_blocks_everything(self):
        self.assertEqual(self.seen(block_everything), ([], []))

    @quick
    def test_a_caller_that_ignores_everything(self):
        self.assertEqual(self.seen(ignore_everything), ([], []))

    def test_create_and_start_under_a_hostile_caller(self):
        def hostile():
            ignore_everything()
            block_everything()
        name, _ = self.create("/bin/probe", "report", "signals", "+", "sleep", before=hostile)
        self.runtime.ok("start", name, before=hostile)
        with open("/proc/%d/status" % self.pid_of(name)) as file:
            masks = {line.split(":")[0]: line.split()[1] for line in file if line.startswith("Sig")}
        self.assertEqual((int(masks["SigBlk"], 16), int(masks["SigIgn"], 16)), (0, 0))
        self.end(name)


class Attributes(ContainerCase):
    def test_flags_that_prctl_sets(self):
        def before():
            kernel.adopt_orphans()
            kernel.prctl(PR_SET_KEEPCAPS, 1)
            kernel.prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)
        seen = self.report("attributes", before=before)["attributes"]
        for name in ("subreaper", "keep_caps", "parent_death_signal", "securebits", "seccomp"):
            self.assertEqual(seen[name], 0, name)

    def test_what_the_kernel_gives_a_first_process(self):
        """The caller's are others."""
        def before():
            kernel.prctl(PR_SET_TIMERSLACK, 123456)
            kernel.prctl(PR_SET_THP_DISABLE, 1)
        seen = self.report("attributes", before=before)["attributes"]
        self.assertEqual((seen["timer_slack"], seen["thp_disable"]), (50000, 0))

    def test_what_stays_the_callers(self):
        """By which a service manager or a shell sets up all that it starts: include/orlop/launch/payload.hpp."""
        def before():
            os.nice(3)
            os.sched_setaffinity(0, {0})
            with open("/proc/self/coredump_filter", "w") as file:
                file.write("0x21")
        seen = self.report("attributes", before=before)["attributes"]
        self.assertEqual((seen["nice"], seen["affinity"], int(seen["core_filter"], 16)), (3, [0], 0x21))

    def test_personality(self):
        """A caller under setarch -R would hand addresses without randomisation to the container."""
        def before():
            ctypes.CDLL(None).personality(ctypes.c_ulong(0x0040000))
        self.assertEqual(self.report("attributes", before=before)["attributes"]["personality"], 0)

    def test_the_session_is_the_containers_own(self):
        ids = self.report("ids")["ids"]
        self.assertEqual((ids["sid"], ids["pgid"]), (1, 1))

    def test_no_controlling_terminal(self):
        self.assertFalse(self.report("terminals")["terminals"]["controlling"])

    def test_environment_of_the_caller(self):
        environment = program.environment(LD_PRELOAD=None, CARGO_SECRET="1")
        self.assertFalse([e for e in self.report("env", env=environment)["env"] if e.startswith("CARGO")])


if __name__ == "__main__":
    runner.main()
