#!/usr/bin/python3
"""events: what containers use, in runc's form, and a line when one of their processes is killed for want of memory."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

MIB = 1 << 20


def memory(limit):
    return lambda bundle: bundle.linux.setdefault("resources", {}).update(memory={"limit": limit, "swap": limit})


class Stream:
    """An `events` that runs beside the test; its lines go to a file."""

    def __init__(self, case, name, *words):
        self.path = os.path.join(case.directory, name + ".events")
        with open(self.path, "wb") as file:
            self.process = subprocess.Popen(case.runtime.argv("events", *words, *[name] * (name != "all")), stdout=file,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        case.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def lines(self, kind):
        with open(self.path) as file:
            text = file.read()
        values = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [value for value in values if value["type"] == kind]

    def wait_for(self, kind, count=1):
        program.until(lambda: len(self.lines(kind)) >= count, "%d lines %s" % (count, kind))

    def end(self):
        return self.process.wait(timeout=10)


class Events(ContainerCase):
    def need(self, controller):
        """A v1 hierarchy of it, or the v2 tree that has it; true if it is of v1."""
        found = cgroup.hierarchies()
        if any(controller in key.split(",") for key in found):
            return True
        if "" in found:
            with open(os.path.join(found[""], "cgroup.controllers")) as file:
                if controller in file.read().split():
                    return False
        return skip("no controller %s here" % controller)

    def stats(self, *words):
        return [json.loads(line) for line in self.runtime.ok("events", "--stats", *words).stdout.splitlines()]

    @quick
    def test_the_form(self):
        name = self.start_sleeper()
        [event] = self.stats(name)
        self.assertEqual((event["type"], event["id"]), ("stats", name))
        data = event["data"]
        self.assertEqual(list(data), ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt",
                                      "network_interfaces"])
        self.assertGreater(data["cpu"]["usage"]["total"], 0)
        self.assertEqual(set(data["memory"]) & {"usage", "swap", "kernel", "kernelTCP"},
                         {"usage", "swap", "kernel", "kernelTCP"})
        self.assertEqual(data["network_interfaces"], [])
        self.end(name)

    @quick
    def test_numbers_are_those_of_the_files(self):
        is_v1 = self.need("memory")
        self.need("pids")

        def change(bundle):
            memory(64 * MIB)(bundle)
            bundle.linux["resources"]["pids"] = {"limit": 33}

        name = self.start_sleeper(change=change)
        data = self.stats(name)[0]["data"]
        self.assertEqual(data["pids"]["current"], 1)
        self.assertEqual(data["pids"]["limit"], 33)
        self.assertEqual(data["memory"]["usage"]["limit"], 64 * MIB)
        self.assertGreater(data["memory"]["usage"]["usage"], 0)
        self.assertGreaterEqual(data["memory"]["usage"]["max"], data["memory"]["usage"]["usage"])
        self.assertIn("rss" if is_v1 else "anon", data["memory"]["raw"])
        self.assertEqual(data["memory"]["events"]["oom_kill"], 0)
        self.end(name)

    def test_pressure(self):
        tree = cgroup.hierarchies().get("")
        if not tree or not os.path.exists(os.path.join(tree, "cpu.pressure")):
            skip("no pressure of cgroups here")
        name = self.start_sleeper()
        data = self.stats(name)[0]["data"]
        for part in (data["cpu"], data["memory"], data["blkio"]):
            self.assertEqual(set(part["psi"]["some"]), {"avg10", "avg60", "avg300", "total"})
            self.assertIsInstance(part["psi"]["some"]["avg10"], (int, float))
        self.end(name)

    @quick
    def test_all_containers_in_one_call(self):
        names = sorted(self.start_sleeper() for _ in range(3))
        created, _ = self.create("/bin/probe", "sleep")
        stopped = self.start_sleeper(args=("/bin/true",))
        self.runtime.wait_for(stopped, "stopped")
        self.runtime.ok("pause", names[0])
        self.assertEqual(sorted(event["id"] for event in self.stats("--all")), sorted(names + [created]))
        self.runtime.ok("resume", names[0])
        for name in names:
            self.end(name)
        self.runtime.ok("delete", stopped)

    def test_a_stream_of_all(self):
        """Of those that are there, and of those that come; one that ends is no longer in it."""
        first = self.start_sleeper()
        stream = Stream(self, "all", "--all", "--interval", "50ms")
        seen = lambda: [event["id"] for event in stream.lines("stats")]  # noqa: E731
        program.until(lambda: seen().count(first) >= 2, "lines of the first")
        second = self.start_sleeper()
        program.until(lambda: seen().count(second) >= 2, "lines of the second")
        self.end(first)
        count = len(seen())
        program.until(lambda: seen()[count + 2:].count(second) >= 2, "lines of the second alone")
        self.assertNotIn(first, seen()[count + 2:])
        self.end(second)
        third = self.start_sleeper()
        program.until(lambda: third in seen(), "lines of the third")
        self.end(third)
        self.assertIsNone(stream.process.poll())
        stream.stop()
        self.assert_nothing_left()

    def test_a_stream_of_all_tells_who_is_killed(self):
        self.need("memory")
        script = "sleep 1; x=0123456789abcdef; while true; do x=$x$x; done"
        other = self.start_sleeper()
        name, _ = self.create("/bin/sh", "-c", script, change=memory(16 * MIB))
        stream = Stream(self, "all", "--all", "--interval", "1h")
        program.until(lambda: len(stream.lines("stats")) >= 2, "lines of both")
        self.runtime.ok("start", name)
        stream.wait_for("oom")
        self.assertEqual(stream.lines("oom"), [{"type": "oom", "id": name}])
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.end(other)

    def test_all_of_no_container(self):
        self.assertEqual(self.stats("--all"), [])

    @quick
    def test_a_stream_ends_with_the_container(self):
        name = self.start_sleeper()
        stream = Stream(self, name, "--interval", "50ms")
        stream.wait_for("stats", 3)
        self.runtime.ok("kill", name, "KILL")
        self.assertEqual(stream.end(), 0)
        self.assertEqual(stream.lines("oom"), [])
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    @quick
    def test_an_allocation_that_is_killed(self):
        self.need("memory")
        script = "while [ ! -e /go ]; do sleep 0.05; done; sh -c 'x=0123456789abcdef; while true; do x=$x$x; done'; " \
                 "echo killed; sleep 60"

        def change(bundle):
            memory(16 * MIB)(bundle)
            bundle.config["root"]["readonly"] = False

        name, _ = self.create("/bin/sh", "-c", script, change=change)
        self.runtime.ok("start", name)
        stream = Stream(self, name, "--interval", "1h")
        stream.wait_for("stats")
        self.runtime.ok("exec", name, "/bin/sh", "-c", ": > /go")
        self.wait_for_output(name, "killed")
        stream.wait_for("oom")
        self.assertEqual(stream.lines("oom")[0], {"type": "oom", "id": name})
        self.assertEqual(self.stats(name)[0]["data"]["memory"]["events"]["oom_kill"], 1)
        self.end(name)
        self.assertEqual(stream.end(), 0)

    def test_init_itself_is_killed(self):
        self.need("memory")
        script = "sleep 0.5; x=0123456789abcdef; while true; do x=$x$x; done"
        name, _ = self.create("/bin/sh", "-c", script, change=memory(16 * MIB))
        self.runtime.ok("start", name)
        stream = Stream(self, name)
        self.assertEqual(stream.end(), 0)
        self.assertEqual(len(stream.lines("oom")), 1)
        self.runtime.ok("delete", name)

    def test_whoever_reads_may_go_away(self):
        name = self.start_sleeper()
        stream = subprocess.Popen(self.runtime.argv("events", "--interval", "20ms", name), stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        stream.stdout.readline()
        stream.stdout.close()
        self.assertNotEqual(stream.wait(timeout=10), 0)
        self.end(name)

    @quick
    def test_refusals(self):
        name = self.start_sleeper(args=("/bin/true",))
        self.runtime.wait_for(name, "stopped")
        rows = (
            ((), "wants an ID"),
            (("--stats", name), "container not running"),
            ((name,), "container not running"),
            (("nosuch",), "container does not exist"),
            (("--all", name), "without an ID"),
            (("--stats", "--all", name), "without an ID"),
            (("--interval", "0", name), "--interval"),
            (("--interval", "5x", name), "--interval"),
            (("--interval", "", name), "--interval"),
            (("--interval", "-1s", name), "--interval"),
        )
        for words, part in rows:
            with self.subTest(words):
                self.assert_one_line(self.runtime.refuses("events", *words), part)


if __name__ == "__main__":
    runner.main()
