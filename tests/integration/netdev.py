#!/usr/bin/python3
"""Network devices of the host that move into the container. The host's network is a namespace of the test's own."""

import ctypes
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
IP = ("/bin/busybox", "ip", "address")


class Host:
    """A process that holds a network namespace."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
        self.path = "/proc/%d/ns/net" % self.process.pid
        program.until(lambda: os.readlink(self.path) != os.readlink("/proc/self/ns/net"), "has a namespace of its own")

    def enter(self):
        file = os.open(self.path, os.O_RDONLY)
        if LIBC.setns(file, NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(file)

    def ip(self, *words):
        argv = ["nsenter", "--net=" + self.path, "ip", "-o", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def end(self):
        self.process.kill()
        self.process.wait()


class NetDevices(ContainerCase):
    def setUp(self):
        super().setUp()
        self.net = self.new_host()
        if self.net.ip("link", "add", "v1", "type", "veth", "peer", "name", "v2").returncode != 0:
            skip("no veth devices, or no ip")
        self.net.ip("address", "add", "192.0.2.7/24", "dev", "v1")

    def new_host(self):
        host = Host()
        self.addCleanup(host.end)
        return host

    def inside(self, devices, *args, change=None, **how):
        def both(bundle):
            bundle.linux["netDevices"] = devices
            if change:
                change(bundle)
        return self.run_container(*(args or IP), change=both, before=self.net.enter, **how)

    def joining(self, path):
        def change(bundle):
            bundle.drop_namespace("network")
            bundle.linux["namespaces"].append({"type": "network", "path": path})
        return change

    @quick
    def test_moved_with_its_address(self):
        result = self.inside({"v1": {}})
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("inet 192.0.2.7/24", result.stdout)
        self.assertIn("v1@", result.stdout)
        self.assertRegex(result.stdout, r"v1@.*UP")
        self.assertNotIn("v2@", result.stdout)

    @quick
    def test_names(self):
        result = self.inside({"v1": {"name": "net0"}, "v2": {"name": "net%d"}})
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("net0@", result.stdout)
        self.assertIn("net1@", result.stdout)
        self.assertEqual(self.net.ip("link").stdout.count("\n"), 1, "only lo is left")

    def test_of_a_user_namespace(self):
        os.chmod(os.path.dirname(self.directory), 0o755)
        result = self.inside({"v1": {"name": "net0"}}, change=lambda bundle: bundle.user_namespace())
        self.assertEqual(result.status, 0, str(result))
        self.assertRegex(result.stdout, r"net0@.*UP")
        self.assertIn("192.0.2.7/24", result.stdout)

    def test_a_joined_namespace_keeps_it(self):
        other = self.new_host()
        result = self.inside({"v1": {"name": "net0"}}, change=self.joining(other.path))
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("192.0.2.7/24", result.stdout)
        self.assertIn("net0", other.ip("link").stdout)

    def test_before_sysctls_and_hooks(self):
        """A sysctl of the device can be set, and a createRuntime hook finds it gone."""
        seen = os.path.join(self.directory, "seen")
        def change(bundle):
            bundle.linux["sysctl"] = {"net.ipv4.conf.net0.forwarding": "1"}
            bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": [
                "sh", "-c", "ip link >%s" % seen]}]}
        result = self.inside({"v1": {"name": "net0"}}, "/bin/cat", "/proc/sys/net/ipv4/conf/net0/forwarding",
                             change=change)
        self.assertEqual((result.status, result.stdout), (0, "1\n"), str(result))
        with open(seen) as file:
            self.assertNotIn("v1@", file.read())

    def test_by_create_and_start(self):
        bundle = self.bundle(*IP, change=lambda b: b.linux.update(netDevices={"v1": {}}))
        name = self.new_id()
        made = self.runtime.ok("create", "--bundle", bundle.path, name, before=self.net.enter)
        self.runtime.ok("start", name)
        program.until(lambda: "192.0.2.7/24" in made.stdout, "the address is shown")

    def test_a_later_one_that_fails(self):
        """Of the pattern becomes the very name that the next one is to have: the first is back, with all that it had."""
        self.net.ip("link", "set", "v1", "up")
        before = self.net.ip("address", "show", "v1").stdout
        result = self.inside({"v1": {"name": "net%d"}, "v2": {"name": "net0"}})
        self.assertEqual(result.status, 1, str(result))
        self.assert_one_line(result, "linux.netDevices v2: rtnetlink(", "file exists")
        after = self.net.ip("address", "show", "v1").stdout
        self.assertIn("192.0.2.7/24", after)
        self.assertEqual("UP" in after, "UP" in before)
        self.assertIn("v2@", self.net.ip("link").stdout)
        self.assertNotIn("UP", self.net.ip("address", "show", "v2").stdout)

    def test_refusals(self):
        other = self.new_host()
        other.ip("link", "add", "net0", "type", "veth", "peer", "name", "net1")
        for devices, change, part in (
                ({"nosuch0": {}}, None, 'linux.netDevices nosuch0: rtnetlink(RTM_GETLINK, "nosuch0"): no such device'),
                ({"v1": {"name": "lo"}}, None, "linux.netDevices v1: the network namespace has a device of the name lo already"),
                ({"v1": {"name": "net0"}}, self.joining(other.path), "has a device of the name net0 already"),
                ({"v1": {}, "v2": {"name": "v1"}}, None, "linux.netDevices.v2.name: a second device with the name"),
                ({"v1": {}, "nosuch0": {}}, None, "nosuch0"),
                ({"v1": {}}, lambda b: b.drop_namespace("network"), "linux.netDevices: needs a network namespace of its own"),
                ({"v1": {}}, self.joining(self.net.path), "linux.netDevices: are there already")):
            with self.subTest(part):
                result = self.inside(devices, change=change)
                self.assertEqual(result.status, 1, str(result))
                self.assert_one_line(result, part)
                self.assertIn("192.0.2.7", self.net.ip("address").stdout, "it is where it was")


if __name__ == "__main__":
    runner.main()
