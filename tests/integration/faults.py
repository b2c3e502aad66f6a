#!/usr/bin/python3
"""A system call that fails, in orlop or in the process that becomes the container: one line, nothing left behind."""

import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

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


if __name__ == "__main__":
    runner.main()
