#!/usr/bin/python3
"""A system call that fails, in orlop or in the process that becomes the container: one line, nothing left behind."""

import errno
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, tracer  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

SWEEP = os.environ.get("ORLOP_FAULT_SWEEP") == "1"

# Calls of libc's start and end, and those whose failure no program can survive or report.
LEFT_OUT = {
    "execve", "exit", "exit_group", "wait4", "waitid", "rt_sigreturn", "brk", "mmap", "munmap", "mprotect",
    "arch_prctl",
    "set_tid_address", "set_robust_list", "rseq", "getrandom", "prlimit64", "readlink", "close", "write", "futex",
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "rt_sigaction", "rt_sigprocmask",
}

# With these the child tells the parent what failed; when they fail, the parent can only see that it ended.
SPEAKING = ("sendmsg", "recvmsg", "sendto", "recvfrom")
# When removing fails, or the lock that it needs, what could not be removed stays, and with it the state, so that delete can try again.
REMOVING = ("flock", "rmdir", "unlink", "unlinkat")


class Faults(ContainerCase):
    def setUp(self):
        super().setUp()
        if not shutil.which("strace"):
            skip("strace is not installed")

    def traced(self, inject=(), bundle=None):
        """run of /bin/true under strace, with children. The result and the names of the calls in order."""
        bundle = bundle or self.bundle("/bin/true")
        log = os.path.join(self.directory, "trace")
        argv = ["strace", "-f", "-qq", "-o", log] + list(inject)
        result = program.run(argv + self.runtime.argv("run", "--bundle", bundle.path, self.new_id()), timeout=30)
        with open(log, errors="replace") as file:
            return result, re.findall(r"^\d+ +(\w+)\(", file.read(), re.MULTILINE)

    def test_every_kind_of_call_fails_once(self):
        bundle = self.bundle("/bin/true")
        result, calls = self.traced(bundle=bundle)
        self.assertEqual(result.status, 0, str(result))
        kinds = sorted(set(calls) - LEFT_OUT)
        self.assertGreater(len(kinds), 15)
        for kind in kinds:
            with self.subTest(kind):
                result, _ = self.traced(["-e", "inject=%s:error=EIO:when=1" % kind], bundle)
                try:
                    self.check(result, "" if kind in SPEAKING else "input/output error", kind in REMOVING)
                finally:
                    self.host.sweep()
                    shutil.rmtree(self.runtime.root, ignore_errors=True)

    def check(self, result, text, may_stay):
        """Some failures have another answer than the end; but there are only these two ways."""
        if may_stay:
            for name in self.runtime.entries():
                self.runtime.ok("delete", "--force", name)
        if result.status == 0:
            self.assertEqual(result.stdout, "")
        else:
            self.assertEqual(result.status, 1, str(result))
            self.assert_one_line(result, text)
        self.assertEqual(self.runtime.entries(), [], str(result))
        self.assert_nothing_left()

    @quick
    def test_a_child_that_is_killed(self):
        """Not "broken pipe" or an end of file: the line says that the process died, and of which signal."""
        bundle = self.bundle("/bin/true")
        seen = set()
        for kind in ("pivot_root", "sethostname", "umount2", "capset", "setresuid", "setgroups", "setsid"):
            result, calls = self.traced(["-e", "inject=%s:signal=SIGKILL:when=1" % kind], bundle)
            if kind not in calls or result.status in (0, -9, 137):
                continue  # not a call of the child's
            with self.subTest(kind):
                seen.add(kind)
                self.assertEqual(result.status, 1, str(result))
                line = self.assert_one_line(result).lower()
                self.assertTrue("kill" in line or "signal 9" in line, line)
                self.assertNotIn("broken pipe", line)
                self.assert_nothing_left()
        self.assertIn("pivot_root", seen)


ERRORS = (errno.ENOSPC, errno.EMFILE, errno.ENOMEM, errno.EDQUOT, errno.EINTR, errno.EIO)
# libc's own between execve and main, and what cannot fail or has no answer.
NO_ANSWER = LEFT_OUT - {"close", "write", "brk", "mmap", "munmap", "readlink", "futex", "execve"} | {"vfork", "clone"}
FIRST_OF_MAIN = "fcntl"


class EveryCall(ContainerCase):
    """create and start under tests/tracer: any call may fail with any of these errors. Then there is one line and nothing is
    left, or it has succeeded; and whatever is there, `delete --force` takes away. ORLOP_FAULT_SWEEP=1: really every call."""

    seconds = 7200 if SWEEP else 280
    failures = 0

    def setUp(self):
        super().setUp()
        tracer.need()
        if os.environ.get("ORLOP_TEST_VIEW", "v2") != "v2" and not SWEEP:
            skip("the same on every view: done on that of version 2")
        self.bundle_path = self.bundle("/bin/probe", "sleep").path

    def traced(self, words, *options):
        return tracer.run(os.path.join(self.directory, "trace"), self.runtime.argv(*words), *options)

    def clean(self):
        for name in self.runtime.entries():
            self.runtime.ok("delete", "--force", name)

    def chosen(self, calls):
        """Without a sweep the first and the last of each kind in each process, and each with another error."""
        in_main, wanted, last = {}, [], {}
        for call in calls:
            if call.name == "execve":
                in_main[call.process] = False
            elif call.process or call.name == FIRST_OF_MAIN:
                in_main[call.process] = True
            if in_main.get(call.process) and call.name not in NO_ANSWER:
                wanted.append(call)
                last[call.process, call.name] = call.number
        if SWEEP:
            return [(call, error) for call in wanted for error in ERRORS]
        seen, picked = set(), []
        for call in wanted:
            key = call.process, call.name
            if key not in seen or last[key] == call.number:
                picked.append((call, ERRORS[len(picked) % len(ERRORS)]))
            seen.add(key)
        return picked

    def sweep(self, prepare, words, good):
        name = prepare()
        result, lines = self.traced(words(name), "--list")
        self.assertEqual(result.status, 0, str(result))
        self.clean()
        picked, missed = self.chosen(tracer.calls(lines)), 0
        self.assertGreater(len(picked), 10)
        for call, error in picked:
            name = prepare()
            result, lines = self.traced(words(name), "--at", call.at, "--fail", str(error))
            if not tracer.was_disturbed(lines, call):
                missed += 1  # libc's start is not always the same, and then it was another call
                self.clean()
                continue
            with self.subTest(call=str(call), error=errno.errorcode[error]):
                try:
                    self.check(name, call, result, good)
                except AssertionError:
                    self.failures += 1
                    self.host.sweep()
                    shutil.rmtree(self.runtime.root, ignore_errors=True)
                    raise
            if self.failures >= 12:
                break
        print("   %d runs" % len(picked))
        self.assertLess(missed, 2 + len(picked) // 4)

    def check(self, name, call, result, good):
        self.assertIn(result.status, (0, 1), str(result))
        if result.status:
            is_mute = call.name in ("write", "writev") and not result.stderr
            if not is_mute:
                self.assert_one_line(result)
        status = self.runtime.status(name)
        if result.status == 0:
            self.assertIn(status, good, str(result))
        entries = self.runtime.entries()
        if entries:
            for entry in entries:
                removed = self.runtime.call("delete", "--force", entry)
                self.assertEqual((removed.status, removed.stderr), (0, ""), "%s\n%s" % (result, removed))
        self.assertEqual(self.runtime.entries(), [], str(result))
        self.assert_nothing_left()

    def test_create(self):
        self.sweep(self.new_id, lambda name: ("create", "--bundle", self.bundle_path, name), ("created", "stopped"))

    def test_start(self):
        def created():
            name = self.new_id()
            self.runtime.ok("create", "--bundle", self.bundle_path, name)
            return name
        self.sweep(created, lambda name: ("start", name), ("running",))

    def test_delete(self):
        def created():
            name = self.new_id()
            self.runtime.ok("create", "--bundle", self.bundle_path, name)
            return name
        self.sweep(created, lambda name: ("delete", "--force", name), (None,))


if __name__ == "__main__":
    runner.main()
