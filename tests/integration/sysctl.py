#!/usr/bin/python3
"""Kernel parameters of the container's namespaces, and the session keyring."""

import ctypes
import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import openat2, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

KEYCTL = {"x86_64": 250, "aarch64": 219}


def read(path):
    with open(path) as file:
        return file.read()


def sysctl(**members):
    """A change that sets linux.sysctl; two underscores are a dot."""
    return lambda bundle: bundle.linux.update(sysctl={key.replace("__", "."): value for key, value in members.items()})


class Sysctl(ContainerCase):
    @quick
    def test_of_network_and_ipc(self):
        before = read("/proc/sys/kernel/msgmax"), read("/proc/sys/net/ipv4/ip_forward")
        change = sysctl(net__ipv4__ip_forward="1", kernel__msgmax="4321", fs__mqueue__msg_max="17")
        texts = [line["text"] for line in self.lines(
            "read", "/proc/sys/net/ipv4/ip_forward", "+", "read", "/proc/sys/kernel/msgmax", "+",
            "read", "/proc/sys/fs/mqueue/msg_max", change=change)]
        self.assertEqual(texts, ["1\n", "4321\n", "17\n"])
        self.assertEqual((read("/proc/sys/kernel/msgmax"), read("/proc/sys/net/ipv4/ip_forward")), before)

    def test_slashes(self):
        def change(bundle):
            bundle.linux["sysctl"] = {"net/ipv4/conf/lo/rp_filter": "2"}
        self.assertEqual(self.lines("read", "/proc/sys/net/ipv4/conf/lo/rp_filter", change=change)[0]["text"], "2\n")

    def test_a_proc_of_the_container_is_not_where_it_is_written(self):
        """CVE-2025-52881: the container's /proc is no procfs."""
        def change(bundle):
            sysctl(kernel__msgmax="4321")(bundle)
            bundle.config["mounts"] = [m for m in bundle.config["mounts"] if m["destination"] != "/proc"]
            os.makedirs(os.path.join(bundle.rootfs, "proc/sys/kernel"))
            with open(os.path.join(bundle.rootfs, "proc/sys/kernel/msgmax"), "w") as file:
                file.write("trap")
            bundle.mount("/real", type="proc", source="proc")
        trap, real = self.lines("read", "/proc/sys/kernel/msgmax", "+", "read", "/real/sys/kernel/msgmax", change=change)
        self.assertEqual(trap["text"], "trap")
        self.assertEqual(real["text"], "4321\n")

    def test_refusals(self):
        for key, reason in (("vm.swappiness", "it would change the host"), ("net/../kernel/core_pattern", "no name")):
            with self.subTest(key):
                result = self.run_container("/bin/true", change=lambda b: b.linux.update(sysctl={key: "1"}))
                self.assertEqual(result.status, 1)
                self.assert_one_line(result, "config.json:", "linux.sysctl", reason)
        self.assert_nothing_left()

    def test_what_the_kernel_refuses(self):
        result = self.run_container("/bin/true", change=sysctl(net__nosuch="1"))
        self.assert_one_line(result, "linux.sysctl net.nosuch", "/proc/sys/net/nosuch", "no such file or directory")
        self.assertIn("hint:", result.stderr)
        result = self.run_container("/bin/true", change=sysctl(kernel__msgmax="many"))
        self.assert_one_line(result, "linux.sysctl kernel.msgmax", "invalid argument")
        self.assert_nothing_left()


def new_session():
    """A session keyring of this process: what the caller of orlop has."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(250, 1, b"caller")  # keyctl(KEYCTL_JOIN_SESSION_KEYRING)


class Keyring(ContainerCase):
    @quick
    def test_a_new_one_with_the_containers_name(self):
        name, _ = self.create("/bin/probe", "report", "keyring")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertIn(";_ses.%s" % name, self.output_of(name))

    def test_a_quota_that_is_used_up(self):
        """The error of a user who has as many keys as are allowed, with what to do about it."""
        full = openat2.blocker(errno.EDQUOT, KEYCTL[os.uname().machine])
        result = self.run_container("/bin/true", before=full)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "keyctl(KEYCTL_JOIN_SESSION_KEYRING, ", "disk quota exceeded")
        hint = result.stderr.splitlines()[1]
        for part in ("/proc/sys/kernel/keys/maxkeys", "/proc/key-users", "--no-new-keyring"):
            self.assertIn(part, hint)
        self.assert_nothing_left()
        self.assertEqual(self.run_container("/bin/true", words=("--no-new-keyring",), before=full).status, 0)

    def test_the_callers(self):
        report = self.report("keyring", words=("--no-new-keyring",), before=new_session)["keyring"]
        self.assertTrue(report["description"].endswith(";caller"), report)
        report = self.report("keyring", before=new_session)["keyring"]
        self.assertIn(";_ses.", report["description"])

    def test_two_containers_have_two(self):
        ids = [self.report("keyring")["keyring"]["id"] for _ in range(2)]
        self.assertNotEqual(ids[0], ids[1])

    def test_nothing_is_left(self):
        name = self.start_sleeper()
        self.end(name)
        import time
        for _ in range(50):
            if "_ses.%s" % name not in read("/proc/keys"):
                return
            time.sleep(0.1)
        self.fail("the keyring is still there")


if __name__ == "__main__":
    runner.main()
