#!/usr/bin/python3
"""linux.seccomp: filters, what they must not get in the way of, and listeners."""

import array
import base64
import fcntl
import json
import os
import platform
import select
import signal
import socket
import struct
import sys
import threading
import time
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

# Numbers of x86_64, with those of 32-bit x86 where a test calls in its way.
GETPID, GETPPID, PERSONALITY, EXECVE, SENDMSG = 39, 110, 135, 59, 46
GETPPID32 = 64
X32 = 0x40000000
EPERM, EACCES, ENOSYS = 1, 13, 38
KILLED = 128 + 31  # by SIGSYS
# All that a small static program calls; nothing of it is what orlop itself needs behind its filter, but for execve.
SMALL = ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink",
         "readlinkat", "getrandom", "mprotect", "mmap", "munmap", "fstat", "newfstatat", "write", "futex", "exit_group"]


def rule(names, action, **members):
    return dict(names=names if isinstance(names, list) else [names], action="SCMP_ACT_" + action, **members)


def profile(default, *rules, **members):
    """A change that sets linux.seccomp."""
    value = dict(defaultAction="SCMP_ACT_" + default, syscalls=list(rules), **members)
    return lambda bundle: bundle.linux.update(seccomp=value)


def both(*changes):
    def change(bundle):
        for each in changes:
            each(bundle)
    return change


def process(**members):
    return lambda bundle: bundle.process.update(members)


def user_namespace(bundle):
    bundle.user_namespace()


def no_capabilities(bundle):
    bundle.process["capabilities"] = {}


class SeccompCase(ContainerCase):
    def setUp(self):
        super().setUp()
        if platform.machine() != "x86_64":
            skip("the numbers of system calls here are those of x86_64")

    def call(self, number, *args, change=None, action="call"):
        """The result and the errno of a system call inside of a container."""
        line = self.lines(action, str(number), *map(str, args), change=change)[0]
        return line["result"], line["errno"]

    def status(self, *words, **how):
        return self.run_container("/bin/probe", *words, **how).status


class Answers(SeccompCase):
    @quick
    def test_errno(self):
        self.assertEqual(self.call(GETPPID, change=profile("ALLOW", rule("getppid", "ERRNO"))), (-1, EPERM))
        change = profile("ALLOW", rule("getppid", "ERRNO", errnoRet=EACCES))
        self.assertEqual(self.call(GETPPID, change=change), (-1, EACCES))
        self.assertEqual(self.call(GETPID, change=change), (1, 0))

    def test_default_errno(self):
        change = profile("ERRNO", rule(SMALL, "ALLOW"), defaultErrnoRet=EACCES)
        self.assertEqual(self.call(GETPPID, change=change), (-1, EACCES))

    @quick
    def test_death(self):
        for action in ("KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP"):
            self.assertEqual(self.status("call", str(GETPPID), change=profile("ALLOW", rule("getppid", action))), KILLED, action)

    def test_log_lets_the_call_through(self):
        change = profile("ALLOW", rule("getppid", "LOG"), flags=["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"])
        self.assertEqual(self.call(GETPPID, change=change), (0, 0))

    def test_trace_without_a_tracer(self):
        self.assertEqual(self.call(GETPPID, change=profile("ALLOW", rule("getppid", "TRACE", errnoRet=7))), (-1, ENOSYS))

    def test_arguments(self):
        wanted = dict(index=0, value=0xffffffff, op="SCMP_CMP_EQ")
        change = profile("ALLOW", rule("personality", "ERRNO", errnoRet=EACCES, args=[dict(wanted, op="SCMP_CMP_NE")]))
        self.assertEqual(self.call(PERSONALITY, 0xffffffff, change=change), (0, 0))
        self.assertEqual(self.call(PERSONALITY, 8, change=change), (-1, EACCES))
        self.assertEqual(self.call(PERSONALITY, 0x1ffffffff, change=change), (-1, EACCES))
        change = profile("ALLOW", rule("getppid", "ERRNO", args=[wanted, dict(wanted, index=3, value=2 ** 64 - 1)]))
        self.assertEqual(self.call(GETPPID, 0xffffffff, 0, 0, 2 ** 64 - 1, change=change), (-1, EPERM))
        self.assertEqual(self.call(GETPPID, 0xffffffff, 0, 0, 2 ** 32 - 1, change=change), (0, 0))
        masked = dict(index=1, value=0xff00, valueTwo=0x1200, op="SCMP_CMP_MASKED_EQ")
        change = profile("ALLOW", rule("getppid", "ERRNO", args=[masked]))
        self.assertEqual(self.call(GETPPID, 0, 0x12ab, change=change), (-1, EPERM))
        self.assertEqual(self.call(GETPPID, 0, 0x13ab, change=change), (0, 0))

    def test_calls_newer_than_the_profile(self):
        self.assertEqual(self.call(5000, change=profile("ERRNO", rule(SMALL, "ALLOW"))), (-1, ENOSYS))
        self.assertEqual(self.call(GETPPID, change=profile("ERRNO", rule(SMALL, "ALLOW"))), (-1, EPERM))

    def test_unknown_names_are_left_out(self):
        change = profile("ALLOW", rule(["no_such_call", "getppid"], "ERRNO"))
        result = self.run_container("/bin/true", change=change)
        self.assertEqual((result.status, result.stderr), (0, ""))
        result = self.run_container("/bin/true", change=change, options=("--debug",))
        self.assertIn("no_such_call", result.stderr)

    def test_architectures(self):
        # User Mode Linux takes such a call for one of 64 bits: 20 is not getpid there.
        if self.status("call32", "20") != 0 or self.call(20, action="call32") != (1, 0):
            skip("this kernel runs no 32-bit programs")
        self.assertEqual(self.status("call32", str(GETPPID32), change=profile("ALLOW")), KILLED)
        listed = profile("ALLOW", rule("getppid", "ERRNO"), architectures=["SCMP_ARCH_X86"])
        self.assertEqual(self.call(GETPPID32, change=listed, action="call32"), (-1, EPERM))
        self.assertEqual(self.call(20, change=listed, action="call32"), (1, 0))

    @quick
    def test_x32(self):
        self.assertEqual(self.status("call", str(X32 + GETPPID), change=profile("ALLOW")), KILLED)
        listed = profile("ALLOW", rule("getppid", "ERRNO"), architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"])
        self.assertEqual(self.call(X32 + GETPPID, change=listed), (-1, EPERM))

    def test_bad_profiles_are_refused_with_their_place(self):
        condition = dict(index=6, value=0, op="SCMP_CMP_EQ")
        rows = (
            ("syscalls[1].args[0].index: 6", profile("ALLOW", rule("getpid", "LOG"), rule("getpid", "LOG", args=[condition]))),
            ("syscalls[0].args[0].op: unknown seccomp operator",
             profile("ALLOW", rule("getpid", "LOG", args=[dict(condition, op="SCMP_CMP_ODD")]))),
            ("architectures[0]: unknown", profile("ALLOW", architectures=["SCMP_ARCH_VAX"])),
            ("flags[0]: unknown", profile("ALLOW", flags=["SECCOMP_FILTER_FLAG_SOON"])),
            ("syscalls: make a filter of ", profile("ALLOW", *[rule("personality", "ERRNO", args=[
                dict(index=0, value=value, op="SCMP_CMP_EQ")]) for value in range(5000)])),
            ("syscalls[0].errnoRet: SCMP_ACT_ALLOW has no errno", profile("ERRNO", rule("read", "ALLOW", errnoRet=1))),
            ("syscalls[0].names: is empty", profile("ALLOW", rule([], "ERRNO"))),
            ("syscalls[0].names: no system call of this machine has the name", both(
                profile("ALLOW", rule("no_such_call", "ERRNO")),
                lambda bundle: bundle.config.update(annotations={"run.oci.seccomp_fail_unknown_syscall": "1"}))),
            ("listenerMetadata: is set, and listenerPath is not", profile("ALLOW", listenerMetadata="x")),
            ("does not allow execve", profile("ERRNO", rule("read", "ALLOW"))),
            ("has the action SCMP_ACT_NOTIFY and no listenerPath", profile("ALLOW", rule("read", "NOTIFY"))),
        )
        for text, change in rows:
            result = self.run_container("/bin/true", change=change)
            self.assertEqual(result.status, 1, str(result))
            self.assert_one_line(result, "linux.seccomp", "config.json:", text)
        self.assert_nothing_left()


class Raw(SeccompCase):
    def test_a_program_instead_of_the_profile(self):
        """run.oci.seccomp_bpf_data: getppid is refused with EACCES, whatever linux.seccomp says."""
        program = struct.pack("<" + "HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, GETPPID, 6, 0, 0, 0x50000 | EACCES, 6, 0, 0, 0x7fff0000)
        change = both(profile("ALLOW", rule("getppid", "KILL")),
                      lambda b: b.config.update(annotations={"run.oci.seccomp_bpf_data": base64.b64encode(program).decode()}))
        self.assertEqual(self.call(GETPPID, change=change), (-1, EACCES))
        self.assertEqual(self.call(GETPID, change=change), (1, 0))
        name = self.start_sleeper(change=change)
        result = self.runtime.ok("exec", name, "/bin/probe", "call", str(GETPPID))
        self.assertEqual(json.loads(result.stdout), {"result": -1, "errno": EACCES})
        self.end(name)

    def test_what_the_kernel_does_not_take(self):
        change = lambda b: b.config.update(annotations={"run.oci.seccomp_bpf_data": base64.b64encode(b"x" * 8).decode()})  # noqa: E731
        bundle = self.bundle("/bin/true", change=change)
        result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, "seccomp", "invalid argument")
        self.assert_nothing_left()


class Loading(SeccompCase):
    """The filter is there for the program, whatever else it gets, and for nobody before it."""

    @quick
    def test_a_profile_needs_only_what_the_program_calls(self):
        for more in ((), (process(noNewPrivileges=False),), (process(noNewPrivileges=False, user={"uid": 1000, "gid": 1000}),),
                     (no_capabilities, process(noNewPrivileges=False))):
            change = both(profile("KILL_PROCESS", rule(SMALL, "ALLOW")), *more)
            result = self.run_container("/bin/probe", "say", "hello", change=change)
            self.assertEqual((result.status, result.stdout), (0, "hello\n"), str(result))
            name = self.create("/bin/probe", "say", "hello", change=change)[0]
            self.runtime.ok("start", name)
            self.wait_for_output(name, "hello\n")

    def test_capabilities_are_what_they_are_without_a_filter(self):
        some = ["CAP_NET_RAW", "CAP_KILL"]
        sets = {
            "none": {},
            "of root": dict(bounding=some, effective=some, permitted=some),
            "ambient": dict(bounding=some, effective=some, permitted=some, inheritable=some, ambient=some),
            "with the one": dict.fromkeys(("bounding", "effective", "permitted"), ["CAP_SYS_ADMIN"]),
        }
        for name, capabilities in sets.items():
            for uid in (0, 1000):
                for strict in (False, True):
                    wanted = process(capabilities=capabilities, noNewPrivileges=strict, user={"uid": uid, "gid": uid})
                    seen = [self.run_container("/bin/probe", "report", "capabilities", change=change).stdout
                            for change in (wanted, both(wanted, profile("ALLOW", rule("getppid", "ERRNO"))))]
                    self.assertEqual(seen[0], seen[1], "%s, %d, %s" % (name, uid, strict))

    def test_one_filter_and_one_thread(self):
        for strict in (False, True):
            result = self.run_container("/bin/cat", "/proc/self/status",
                                        change=both(profile("ALLOW"), process(noNewPrivileges=strict)))
            fields = dict(line.split(":\t", 1) for line in result.stdout.splitlines())
            self.assertEqual((fields["Seccomp"], fields["Threads"], fields["NoNewPrivs"]), ("2", "1", str(int(strict))))
            self.assertIn(fields.get("Seccomp_filters", "1"), ("1", "2"))

    def test_descriptors(self):
        self.assertEqual(len(self.report("fds", change=profile("ALLOW"))["fds"]), 3)

    def test_hooks_are_not_under_it(self):
        def hooked(bundle):
            hook = {"path": "/bin/sh", "args": ["sh", "-c", "cat /proc/self/status > /tmp/hook"]}
            bundle.config["hooks"] = {"startContainer": [hook]}
            bundle.config["root"]["readonly"] = False
        name, bundle = self.create("/bin/true", change=both(profile("ERRNO", rule(SMALL, "ALLOW")), hooked))
        self.runtime.ok("start", name)
        with open(os.path.join(bundle.rootfs, "tmp", "hook")) as file:
            self.assertIn("Seccomp:\t0", file.read())

    @quick
    def test_exec_is_under_it(self):
        name = self.start_sleeper(change=profile("ALLOW", rule("getppid", "ERRNO", errnoRet=EACCES)))
        result = self.runtime.call("exec", name, "/bin/probe", "call", str(GETPPID))
        self.assertEqual(json.loads(result.stdout), {"result": -1, "errno": EACCES}, str(result))
        path = os.path.join(self.directory, "process.json")
        with open(path, "w") as file:
            json.dump({"args": ["/bin/probe", "call", str(GETPPID)], "cwd": "/", "user": {"uid": 7, "gid": 7},
                       "capabilities": {}, "noNewPrivileges": False}, file)
        result = self.runtime.call("exec", "--process", path, name)
        self.assertEqual(json.loads(result.stdout), {"result": -1, "errno": EACCES}, str(result))

    @quick
    def test_in_a_user_namespace(self):
        lax = both(user_namespace, process(noNewPrivileges=False, user={"uid": 1000, "gid": 1000}), no_capabilities)
        change = both(lax, profile("KILL_PROCESS", rule(SMALL, "ALLOW"), rule(["getppid", "nanosleep", "clock_nanosleep"], "LOG")))
        self.assertEqual(self.call(GETPPID, change=change), (0, 0))
        self.assertEqual(self.status("call", str(GETPID), change=change), KILLED)
        name = self.start_sleeper(change=change)
        self.assertEqual(self.runtime.call("exec", name, "/bin/probe", "call", str(GETPID)).status, KILLED)
        self.assertEqual(self.runtime.call("exec", name, "/bin/probe", "say", "hello").stdout, "hello\n")

    def test_a_failing_execve_is_told_from_under_the_filter(self):
        def broken(bundle):
            path = os.path.join(bundle.rootfs, "bin", "broken")
            with open(path, "w") as file:
                file.write("#!/nope\n")
            os.chmod(path, 0o755)
        for default in ("ERRNO", "KILL_PROCESS"):
            change = both(profile(default, rule(SMALL, "ALLOW")), broken)
            result = self.run_container("/bin/broken", change=change)
            self.assertEqual(result.status, 1, str(result))
            self.assert_one_line(result, 'exec "/bin/broken": no such file or directory')
            self.assertIn("hint: ", result.stderr)
            name, _ = self.create("/bin/broken", change=change)
            self.assert_one_line(self.runtime.refuses("start", name), 'exec "/bin/broken": no such file or directory')
            self.runtime.wait_for(name, "stopped")
        name = self.start_sleeper(change=both(profile("ERRNO", rule(SMALL + ["clock_nanosleep", "nanosleep"], "ALLOW")), broken))
        result = self.runtime.refuses("exec", name, "/bin/broken")
        self.assertEqual(result.status, 255)
        self.assert_one_line(result, 'exec "/bin/broken": no such file or directory')


RECEIVE, SEND, CONTINUE = 0xc0502100, 0xc0182101, 1


class Agent:
    """Takes one connection after the other, and answers the calls of each process until it ends: answer(number) gives an
    errno, a value, or None for "go on"."""

    def __init__(self, directory, answer):
        self.path = os.path.join(directory, "agent.sock")
        self.answer = answer
        self.messages, self.calls, self.answered = [], [], 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(4)
        self._takers = []
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            taker = threading.Thread(target=self._take, args=(connection,), daemon=True)
            self._takers.append(taker)
            taker.start()

    def _take(self, connection):
        text, handles = b"", array.array("i")
        with connection:
            while True:
                part, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(64))
                for _, _, data in ancillary:
                    handles.frombytes(data)
                if not part:
                    break
                text += part
        self.messages.append((json.loads(text), len(handles)))
        self._answer_calls(handles[0])

    def _answer_calls(self, listener):
        # Before Linux 6.11 whoever waits in the ioctl is not told that all processes have ended.
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        try:
            while not waiting.poll()[0][1] & select.POLLHUP:
                request = bytearray(80)
                fcntl.ioctl(listener, RECEIVE, request)
                identity, _, _, number = struct.unpack_from("QIIi", request)
                self.calls.append(number)
                answer = self.answer(number)
                value, error, flags = (0, 0, CONTINUE) if answer is None else (answer[0], -answer[1], 0)
                fcntl.ioctl(listener, SEND, struct.pack("QqiI", identity, value, error, flags))
                self.answered += 1
        except OSError:
            pass
        os.close(listener)

    def message(self, number):
        program.until(lambda: len(self.messages) > number, "a message for the agent")
        return self.messages[number]

    def finish(self):
        """When all processes behind the filters have ended: counts the last answer, too."""
        for taker in self._takers:
            taker.join(settings.CALL_SECONDS)

    def close(self):
        """Closed under a thread that accepts, a descriptor may be that of the next agent when the thread comes to it."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._server.join()
        self._listener.close()


class Listener(SeccompCase):
    def agent(self, answer):
        agent = Agent(self.directory, answer)
        self.addCleanup(agent.close)
        return agent

    def notifying(self, agent, *rules, default="ALLOW", **members):
        return profile(default, *rules, listenerPath=agent.path, listenerMetadata="some data", **members)

    def check(self, message, name, status, pid=None):
        (value, count) = message
        self.assertEqual(count, 1)
        self.assertEqual(value["fds"], ["seccompFd"])
        self.assertEqual(value["metadata"], "some data")
        self.assertEqual(value["state"]["id"], name)
        self.assertEqual(value["state"]["status"], status)
        self.assertTrue(value["ociVersion"].startswith("1."))
        if pid:
            self.assertEqual((value["pid"], value["state"]["pid"]), (pid, pid))

    @quick
    def test_of_run(self):
        agent = self.agent(lambda number: (4711, 0))
        change = self.notifying(agent, rule("getppid", "NOTIFY"))
        self.assertEqual(self.call(GETPPID, change=change), (4711, 0))
        self.assertEqual(agent.calls, [GETPPID])
        self.check(agent.message(0), agent.message(0)[0]["state"]["id"], "created")

    def test_of_start_and_exec(self):
        agent = self.agent(lambda number: (0, EACCES))
        name = self.start_sleeper(change=self.notifying(agent, rule("getppid", "NOTIFY")))
        self.check(agent.message(0), name, "created", self.pid_of(name))
        result = self.runtime.ok("exec", name, "/bin/probe", "call", str(GETPPID))
        self.assertEqual(json.loads(result.stdout), {"result": -1, "errno": EACCES})
        self.check(agent.message(1), name, "running")
        self.assertEqual(agent.message(1)[0]["state"]["pid"], self.pid_of(name))
        self.assertNotEqual(agent.message(1)[0]["pid"], self.pid_of(name))

    def check_older_word(self, agent, environment="", **annotations):
        """Where the config has no listenerPath; and so for exec."""
        def change(bundle):
            self.notifying(agent, rule("getppid", "NOTIFY"))(bundle)
            for member in ("listenerPath", "listenerMetadata"):
                del bundle.linux["seccomp"][member]
            bundle.config["annotations"] = annotations
        bundle, name = self.bundle("/bin/probe", "sleep", change=change), self.new_id()
        with mock.patch.dict(os.environ, RUN_OCI_SECCOMP_RECEIVER=environment):
            self.runtime.ok("create", "--bundle", bundle.path, name)
        self.runtime.ok("start", name)
        self.assertEqual(agent.message(0)[0]["state"]["id"], name)
        result = self.runtime.ok("exec", name, "/bin/probe", "call", str(GETPPID))
        self.assertEqual(json.loads(result.stdout), {"result": -1, "errno": EACCES})
        self.end(name)

    def test_by_an_annotation(self):
        agent = self.agent(lambda number: (0, EACCES))
        self.check_older_word(agent, environment="/nobody/here", **{"run.oci.seccomp.receiver": agent.path})

    def test_by_a_variable(self):
        agent = self.agent(lambda number: (0, EACCES))
        self.check_older_word(agent, environment=agent.path)

    def test_of_every_call(self):
        """Whatever is called behind the filter waits for the agent: so does execve, and nothing comes before it."""
        for more in (process(noNewPrivileges=False), process(noNewPrivileges=True), user_namespace):
            agent = self.agent(lambda number: None)
            change = both(self.notifying(agent, default="NOTIFY", flags=["SECCOMP_FILTER_FLAG_TSYNC"]), more)
            result = self.run_container("/bin/probe", "say", "hello", change=change, timeout=20)
            self.assertEqual((result.status, result.stdout), (0, "hello\n"), str(result))
            self.assertEqual(agent.calls[0], EXECVE)
            agent.close()
            os.unlink(agent.path)

    def test_killable(self):
        agent = self.agent(lambda number: (1, 0))
        change = self.notifying(agent, rule("getppid", "NOTIFY"), flags=["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])
        result = self.run_container("/bin/probe", "call", str(GETPPID), change=change)
        if "this kernel does not know" in result.stderr:
            skip("this kernel has no SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")
        self.assertEqual(json.loads(result.stdout), {"result": 1, "errno": 0}, str(result))

    def test_signals_do_not_interrupt_a_call_that_is_being_answered(self):
        """What the flag is for: without it the call ends with EINTR, and the answer comes too late."""
        def too_late(*flags):
            def answer(number):
                for _ in range(3):
                    os.kill(pid[0], signal.SIGUSR1)
                    time.sleep(0.05)
                return 0, 0
            agent = self.agent(answer)
            change = self.notifying(agent, rule("umask", "NOTIFY"), flags=list(flags))
            result = self.create("/bin/sh", "-c", "trap : USR1; umask 77; umask 22", change=change)
            name, pid = result[0], [self.pid_of(result[0])]
            started = self.runtime.call("start", name)
            if "this kernel does not know" in started.stderr:
                skip("this kernel has no SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")
            self.runtime.wait_for(name, "stopped")
            agent.finish()
            agent.close()
            os.unlink(agent.path)
            self.assertGreater(len(agent.calls), 0)
            return len(agent.calls) - agent.answered
        self.assertEqual(too_late("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"), 0)
        self.assertGreater(too_late(), 0)

    def test_nothing_of_it_is_left_in_the_program(self):
        agent = self.agent(lambda number: None)
        change = self.notifying(agent, rule("getppid", "NOTIFY"))
        self.assertEqual(len(self.report("fds", change=change)["fds"]), 3)
        result = self.run_container("/bin/sh", "-c", "cat /proc/self/task/*/children /proc/1/task/*/children; ls /proc/1/task",
                                    change=change)
        self.assertEqual(result.stdout.split()[-1:], ["1"], str(result))

    def test_an_agent_that_is_not_there(self):
        change = profile("ALLOW", rule("getppid", "NOTIFY"), listenerPath=os.path.join(self.directory, "nobody"))
        result = self.run_container("/bin/true", change=change)
        self.assertEqual(result.status, 1, str(result))
        self.assert_one_line(result, "linux.seccomp.listenerPath", "no such file or directory")
        self.assert_nothing_left()
        name, _ = self.create("/bin/true", change=change)
        self.assert_one_line(self.runtime.refuses("start", name), "linux.seccomp.listenerPath")
        self.runtime.wait_for(name, "stopped")
        sleeper = self.start_sleeper()
        self.assertEqual(self.runtime.status(sleeper), "running")

    def test_an_agent_that_goes_away(self):
        agent = self.agent(lambda number: None)
        change = self.notifying(agent, rule("getppid", "NOTIFY"))
        name = self.start_sleeper(change=change)
        agent.close()
        os.unlink(agent.path)
        result = self.runtime.refuses("exec", name, "/bin/true")
        self.assertEqual(result.status, 255)
        self.assert_one_line(result, "linux.seccomp.listenerPath")
        self.assertEqual(self.runtime.status(name), "running")


if __name__ == "__main__":
    runner.main()
