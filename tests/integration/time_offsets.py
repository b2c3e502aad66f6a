#!/usr/bin/python3
"""Time namespaces: new ones, and the offsets of their clocks."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import HAS_TIME_NAMESPACES, ContainerCase, need_time_namespaces, quick, skip  # noqa: E402

DAY = 86400


def offsets(**clocks):
    def change(bundle):
        bundle.linux["namespaces"].append({"type": "time"})
        bundle.linux["timeOffsets"] = clocks
    return change


class Time(ContainerCase):
    def setUp(self):
        super().setUp()
        need_time_namespaces()

    def uptime(self, change):
        return float(self.lines("read", "/proc/uptime", change=change)[0]["text"].split()[0])

    @quick
    def test_boottime_is_offset(self):
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        inside = self.uptime(offsets(boottime={"secs": 10 * DAY, "nanosecs": 5}))
        self.assertAlmostEqual(inside - now, 10 * DAY, delta=30)

    def test_what_the_kernel_keeps(self):
        change = offsets(boottime={"secs": DAY}, monotonic={"secs": -1, "nanosecs": 500000000})
        inside, text = self.lines("report", "namespaces", "+", "read", "/proc/self/timens_offsets", change=change)
        self.assertNotEqual(inside["namespaces"]["time"], os.readlink("/proc/self/ns/time"))
        self.assertEqual(inside["namespaces"]["time"], inside["namespaces"]["time_for_children"])
        rows = {line.split()[0]: line.split()[1:] for line in text["text"].splitlines()}
        self.assertEqual(rows["boottime"], [str(DAY), "0"])
        self.assertEqual(rows["monotonic"], ["-1", "500000000"])

    def test_a_new_one_without_offsets(self):
        inside = self.report("namespaces", change=lambda bundle: bundle.linux["namespaces"].append({"type": "time"}))
        self.assertNotEqual(inside["namespaces"]["time"], os.readlink("/proc/self/ns/time"))

    @quick
    def test_bad_ones(self):
        rows = (
            (offsets(boottime={"secs": -10 ** 12}), "timens_offsets", "numerical result out of range"),
            (offsets(boottime={"nanosecs": 10 ** 9}), "linux.timeOffsets.boottime.nanosecs", "is a second or more"),
            (offsets(realtime={"secs": 1}), "unknown clock"),
            (lambda bundle: bundle.linux.update(timeOffsets={"boottime": {"secs": 1}}), "needs a new time namespace"),
        )
        for change, *words in rows:
            result = self.run_container("/bin/true", change=change)
            self.assertNotEqual(result.status, 0)
            self.assert_one_line(result, *words)
            self.assert_nothing_left()


class Without(ContainerCase):
    def test_a_kernel_that_has_none_is_named(self):
        if HAS_TIME_NAMESPACES:
            skip("this kernel has time namespaces")
        result = self.run_container("/bin/true", change=lambda bundle: bundle.linux["namespaces"].append({"type": "time"}))
        self.assertEqual(result.status, 1, str(result))
        self.assert_one_line(result, "CLONE_NEWTIME", "invalid argument")
        self.assertIn("hint: this kernel has no time namespaces", result.stderr)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
