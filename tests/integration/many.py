#!/usr/bin/python3
"""Many containers, one after another and at once: nothing of them stays, and the last costs what the first did."""

import concurrent.futures
import json
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner, settings, tracer  # noqa: E402
from harness.case import ContainerCase  # noqa: E402

IN_GUEST = settings.PATIENCE > 1  # a system call is slow there
ONE_BY_ONE = 20 if IN_GUEST else 100
AT_ONCE = 10 if IN_GUEST else 30
EDGE = ONE_BY_ONE // 5
# Of processor time, for a busy machine is twice as slow within seconds. contrib/bench --many measures the whole.
MOST = 1.5
# What a call may make more of when there are many others: less than one for each of them.
SPARE_CALLS = AT_ONCE // 3


def processor_time():
    """Of all programs that were called and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Many(ContainerCase):
    seconds = 120

    def setUp(self):
        super().setUp()
        self.path = self.bundle("/bin/probe", "sleep").path

    def life(self):
        """Of one container: the processor time that orlop took."""
        name = self.new_id()
        begin = processor_time()
        self.runtime.ok("create", "--bundle", self.path, name)
        self.runtime.ok("start", name)
        self.runtime.ok("delete", "--force", name)
        return processor_time() - begin

    def growth(self):
        times = [self.life() for _ in range(ONE_BY_ONE)]
        return sum(times[-EDGE:]) / sum(times[:EDGE])

    def test_one_after_another(self):
        growth = self.growth()
        self.assertEqual(self.runtime.entries(), [])
        self.assert_nothing_left()
        self.assertLess(growth, MOST)

    def at_once(self, verb, names):
        """All of them called at the same moment."""
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            results = list(pool.map(verb, names))
        self.assertEqual([str(result) for result in results if result.status or result.stderr], [])

    def test_at_once(self):
        """Made, asked, started and deleted by as many callers."""
        names = [self.new_id() for _ in range(AT_ONCE)]
        how = {"timeout": 60 * settings.PATIENCE}
        self.at_once(lambda name: self.runtime.call("create", "--bundle", self.path, name, **how), names)
        self.at_once(lambda name: self.runtime.call("start", name, **how), names)
        listed = json.loads(self.runtime.ok("list", "--format", "json").stdout)
        self.assertEqual({(one["id"], one["status"]) for one in listed}, {(name, "running") for name in names})
        self.assertEqual(len({one["pid"] for one in listed}), AT_ONCE)
        self.at_once(lambda name: self.runtime.call("delete", "--force", name, **how), names)
        self.assertEqual(self.runtime.entries(), [])
        self.assert_nothing_left()

    def calls(self):
        """How many system calls each command makes for one container."""
        name, counts = self.new_id(), {}
        log = os.path.join(self.directory, "trace")
        for words in (("create", "--bundle", self.path, name), ("start", name), ("state", name), ("exec", name, "/bin/true"),
                      ("pause", name), ("resume", name), ("events", "--stats", name), ("kill", name, "KILL"),
                      ("delete", "--force", name)):
            result, lines = tracer.run(log, self.runtime.argv(*words), "--list", timeout=60 * settings.PATIENCE)
            self.assertEqual(result.status, 0, str(result))
            counts[words[0]] = len(tracer.calls(lines))
        return counts

    def test_no_command_asks_for_the_others(self):
        tracer.need()
        alone = self.calls()
        names = [self.new_id() for _ in range(AT_ONCE)]
        for name in names:
            self.runtime.ok("create", "--bundle", self.path, name)
        among = self.calls()
        for command, count in alone.items():
            self.assertLess(among[command] - count, SPARE_CALLS, "%s: %s, among others %s" % (command, alone, among))
        for name in names:
            self.runtime.ok("delete", "--force", name)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
