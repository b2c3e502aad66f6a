#!/usr/bin/python3
"""ps: the container's processes and no others, as a table of the host's ps and as JSON."""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402


class Ps(ContainerCase):
    def family(self):
        """A container of four processes; its id."""
        name = self.start_sleeper(args=("/bin/probe", "spawn", "3", "300", "+", "sleep"))
        self.wait_for_output(name, "]")
        return name

    def pids(self, name):
        return json.loads(self.runtime.ok("ps", "--format", "json", name).stdout)

    def from_kernel(self, name):
        own = cgroup.own(self.pid_of(name))
        key = sorted(cgroup.hierarchies())[0]
        with open(os.path.join(cgroup.path_of(key, own[key]), "cgroup.procs")) as file:
            return sorted(int(line) for line in file)

    @quick
    def test_json_is_an_array_of_pids(self):
        name = self.family()
        text = self.runtime.ok("ps", "-f", "json", name).stdout
        self.assertRegex(text, r"^\[\d+(,\d+)*\]\n$")
        self.assertEqual(json.loads(text), self.from_kernel(name))
        self.assertEqual(len(json.loads(text)), 4)
        self.end(name)

    def need_ps(self):
        if not shutil.which("ps"):
            skip("no ps program on this host")
        if program.run(["ps", "-ef"]).status != 0:
            skip("ps does not work on this host")

    @quick
    def test_table_has_their_lines_and_no_others(self):
        self.need_ps()
        name = self.family()
        lines = self.runtime.ok("ps", name).stdout.splitlines()
        column = lines[0].split().index("PID")
        self.assertEqual(sorted(int(line.split()[column]) for line in lines[1:]), self.pids(name))
        self.end(name)

    def fake_ps(self, text):
        """An environment in which ps is this script."""
        directory = os.path.join(self.directory, "bin")
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, "ps")
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return program.environment(PATH=directory + ":" + os.environ["PATH"])

    def test_what_follows_the_id_is_for_ps(self):
        name = self.start_sleeper()
        pid = self.pid_of(name)
        env = self.fake_ps('echo "  PID $*"; echo "  %d init"; echo "    1 host"\n' % pid)
        self.assertEqual(self.runtime.ok("ps", name, "-o", "pid,args", "--format", env=env).stdout,
                         "  PID -o pid,args --format\n  %d init\n" % pid)
        self.assertEqual(self.runtime.ok("ps", name, env=env).stdout, "  PID -ef\n  %d init\n" % pid)
        self.end(name)

    def test_ps_fails(self):
        name = self.start_sleeper()
        self.assert_one_line(self.runtime.refuses("ps", name, env=self.fake_ps("echo bad option >&2; exit 1\n")),
                             "ps failed: bad option")
        self.assert_one_line(self.runtime.refuses("ps", name, env=self.fake_ps("echo COMMAND\n")), "no column PID")
        empty = program.environment(PATH=self.directory)
        self.assert_one_line(self.runtime.refuses("ps", name, env=empty), "posix_spawnp(\"ps\")")
        self.end(name)

    def test_sub_cgroups_count(self):
        name = self.family()
        before = self.pids(name)
        own = cgroup.own(self.pid_of(name))
        key = "freezer" if "freezer" in cgroup.hierarchies() else ""
        inner = os.path.join(cgroup.path_of(key, own[key]), "inner")
        os.mkdir(inner)
        with open(os.path.join(inner, "cgroup.procs"), "w") as file:
            file.write(str(before[-1]))
        self.assertEqual(self.pids(name), before)
        self.end(name)
        self.assert_nothing_left()

    def test_a_paused_one_has_them_still(self):
        name = self.family()
        self.runtime.ok("pause", name)
        self.assertEqual(len(self.pids(name)), 4)
        self.runtime.ok("resume", name)
        self.end(name)

    def test_a_stopped_one_has_none(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(self.pids(name), [])

    def test_refusals(self):
        self.assert_one_line(self.runtime.refuses("ps", self.new_id()), "container does not exist")
        self.assert_one_line(self.runtime.refuses("ps"), "missing argument")
        name = self.start_sleeper()
        self.assert_one_line(self.runtime.refuses("ps", "--format", "xml", name), "unknown format")
        self.end(name)

    def test_without_a_cgroup_of_its_own(self):
        name = self.start_in_foreign_cgroup()
        self.assert_one_line(self.runtime.refuses("ps", name), "no cgroup of its own")
        self.end(name)


if __name__ == "__main__":
    runner.main()
