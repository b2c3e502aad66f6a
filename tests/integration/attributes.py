#!/usr/bin/python3
"""What a process has beside its user and its files: scheduler, priorities, memory policy, personality, oom score."""

import ctypes
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, runner  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

IOPRIO_GET = {"x86_64": 252, "aarch64": 31}


class Attributes(ContainerCase):
    def attributes(self, **members):
        return self.report("attributes", change=lambda bundle: bundle.process.update(members))["attributes"]

    def refused(self, *parts, change):
        bundle = self.bundle("/bin/true", change=change)
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, *parts)
        self.assert_nothing_left()
        return result

    @quick
    def test_oom_score(self):
        with open("/proc/self/oom_score_adj") as file:
            before = int(file.read())
        self.assertEqual(self.report("attributes")["attributes"]["oom_score_adj"], before, "untouched if it is not asked for")
        for score in (before, 500, 1000):
            self.assertEqual(self.attributes(oomScoreAdj=score)["oom_score_adj"], score)

    def test_a_lower_oom_score(self):
        """Where not even the caller may lower it (no CAP_SYS_RESOURCE), the line says what is missing."""
        allowed = subprocess.run(["sh", "-c", "echo -1 >/proc/self/oom_score_adj"], stderr=subprocess.DEVNULL).returncode == 0
        for score in (-1, -1000):
            if allowed:
                self.assertEqual(self.attributes(oomScoreAdj=score)["oom_score_adj"], score)
            else:
                result = self.refused("process.oomScoreAdj: write(", "permission denied",
                                      change=lambda bundle: bundle.process.update(oomScoreAdj=score))
                self.assertIn("hint: to lower the score", result.stderr)

    def test_exec_has_what_the_container_has(self):
        name = self.start_sleeper(change=lambda bundle: (
            bundle.process.update(oomScoreAdj=77, scheduler={"policy": "SCHED_BATCH", "nice": 4}),
            bundle.linux.update(personality={"domain": "LINUX32"})))
        result = self.runtime.ok("exec", name, "/bin/probe", "report", "attributes")
        found = json.loads(result.stdout)["attributes"]
        self.assertEqual((found["oom_score_adj"], found["scheduler"], found["nice"], found["personality"]), (77, 3, 4, 8))

    def test_oom_score_inside_a_hostile_proc(self):
        """It is written outside: a /proc of the container's own making is never asked."""
        name = self.start_sleeper(change=lambda bundle: (
            bundle.process.update(oomScoreAdj=321),
            bundle.config.update(mounts=[mount for mount in bundle.config["mounts"] if mount["type"] != "proc"]),
            bundle.linux.update(maskedPaths=[], readonlyPaths=[])))
        with open("/proc/%d/oom_score_adj" % self.pid_of(name)) as file:
            self.assertEqual(int(file.read()), 321)

    @quick
    def test_personality(self):
        self.assertEqual(self.report("attributes")["attributes"]["personality"], 0)
        for domain, number in (("LINUX", 0), ("LINUX32", 8)):
            report = self.report("attributes", change=lambda b: b.linux.update(personality={"domain": domain}))
            self.assertEqual(report["attributes"]["personality"], number)
        self.refused("config.json:", "linux.personality.flags", change=lambda b: b.linux.update(
            personality={"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}))

    @quick
    def test_scheduler(self):
        for policy, number, nice in (("SCHED_OTHER", 0, 7), ("SCHED_BATCH", 3, 3)):
            found = self.attributes(scheduler={"policy": policy, "nice": nice})
            self.assertEqual((found["scheduler"], found["nice"]), (number, nice), policy)
        found = self.attributes(scheduler={"policy": "SCHED_IDLE", "flags": ["SCHED_FLAG_RESET_ON_FORK"]})
        self.assertEqual(found["scheduler"], 5 | 0x40000000)

    def test_realtime(self):
        """Where this kernel gives its cgroups no real-time share, it refuses: then the line says so."""
        for wanted, number in (({"policy": "SCHED_FIFO", "priority": 5}, 1), ({"policy": "SCHED_RR", "priority": 1}, 2),
                               ({"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 20000000, "period": 20000000,
                                 "flags": ["SCHED_FLAG_RESET_ON_FORK"]}, 6)):
            with self.subTest(wanted["policy"]):
                result = self.run_container("/bin/probe", "report", "attributes",
                                            change=lambda bundle: bundle.process.update(scheduler=wanted))
                if result.status != 0:
                    self.assert_one_line(result, "process.scheduler: sched_setattr(")
                    continue
                self.assertIn('"scheduler":%d' % (number if number < 6 else number | 0x40000000), result.stdout)
                sleeper = self.start_sleeper(change=lambda bundle: bundle.process.update(scheduler=wanted))
                self.assertEqual(os.sched_getparam(self.pid_of(sleeper)).sched_priority, wanted.get("priority", 0))
                self.end(sleeper)

    def test_realtime_in_a_cgroup_that_has_none(self):
        """A new cgroup of version 1 has no processor time for it: the hint says what gives it some."""
        key = next((key for key in cgroup.hierarchies() if "cpu" in key.split(",")), None)
        if key is None or not os.path.exists(cgroup.hierarchies()[key] + "/cpu.rt_runtime_us"):
            skip("no cgroup of version 1 with CONFIG_RT_GROUP_SCHED")
        wanted = {"policy": "SCHED_FIFO", "priority": 5}
        path = "/" + self.new_id()

        def change(bundle):
            bundle.linux["cgroupsPath"] = path
            bundle.process["scheduler"] = wanted
        hint = ("hint: the cgroup %s has no processor time for real-time processes (cpu.rt_runtime_us is 0): "
                "linux.resources.cpu.realtimeRuntime gives it some" % cgroup.path_of(key, path))
        result = self.run_container("/bin/true", change=change)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "process.scheduler: sched_setattr(", "operation not permitted")
        self.assertEqual(result.stderr.splitlines()[1:], [hint])

        def with_users(bundle):
            change(bundle)
            bundle.user_namespace()
        result = self.run_container("/bin/true", change=with_users)
        self.assertEqual(result.stderr.splitlines()[1:], [hint], str(result))

        name, bundle = self.start_with_bundle(lambda bundle: bundle.linux.update(cgroupsPath=path))
        process = os.path.join(bundle.path, "process.json")
        with open(process, "w") as file:
            json.dump(dict(bundle.process, args=["/bin/true"], scheduler=wanted), file)
        result = self.runtime.call("exec", "--process", process, name)
        self.assertEqual(result.status, 255)
        self.assertEqual(result.stderr.splitlines()[1:], [hint])

        def given(bundle):
            change(bundle)
            bundle.linux["cgroupsPath"] = "/" + self.new_id()
            bundle.linux["resources"] = {"cpu": {"realtimePeriod": 500000, "realtimeRuntime": 1000}}
        for more in (lambda bundle: None, lambda bundle: bundle.user_namespace()):
            result = self.run_container("/bin/true", change=lambda bundle: (given(bundle), more(bundle)))
            self.assertEqual(result.status, 0, str(result))

    def test_a_scheduler_that_the_kernel_refuses(self):
        for wanted in ({"policy": "SCHED_ISO"}, {"policy": "SCHED_FIFO", "priority": 1000}):
            with self.subTest(wanted["policy"]):
                self.refused("process.scheduler: sched_setattr(", change=lambda b: b.process.update(scheduler=wanted))
        for runtime, deadline, period, where in ((5, 4, 3, "process.scheduler.runtime"), (2048, 1024, 4096, "process.scheduler.runtime"),
                                                 (1024, 4096, 2048, "process.scheduler.deadline")):
            wanted = {"policy": "SCHED_DEADLINE", "runtime": runtime, "deadline": deadline, "period": period}
            with self.subTest(**wanted):
                self.refused("config.json:", where, change=lambda b: b.process.update(scheduler=wanted))
        self.refused("config.json:", "process.scheduler.policy", "SCHED_NONE",
                     change=lambda b: b.process.update(scheduler={"policy": "SCHED_NONE"}))

    @quick
    def test_io_priority(self):
        number = IOPRIO_GET.get(os.uname().machine) or skip("the number of ioprio_get is not known here")
        libc = ctypes.CDLL(None)
        for name, value in (("IOPRIO_CLASS_BE", 2 << 13 | 6), ("IOPRIO_CLASS_IDLE", 3 << 13), ("IOPRIO_CLASS_RT", 1 << 13 | 4)):
            sleeper = self.start_sleeper(change=lambda b: b.process.update(
                ioPriority={"class": name, "priority": value & 7}))
            self.assertEqual(libc.syscall(number, 1, self.pid_of(sleeper)), value, name)
            self.end(sleeper)
        self.refused("config.json:", "process.ioPriority.priority", change=lambda b: b.process.update(
            ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 8}))

    def test_memory_policy(self):
        if not os.path.exists("/proc/self/numa_maps"):
            self.refused("linux.memoryPolicy: set_mempolicy(", "function not implemented",
                         change=lambda b: b.linux.update(memoryPolicy={"mode": "MPOL_BIND", "nodes": "0"}))
            return
        for mode, nodes, flags, shown in (
                ("MPOL_BIND", "0", [], "bind:0"), ("MPOL_BIND", "0", ["MPOL_F_STATIC_NODES"], "bind=static:0"),
                ("MPOL_INTERLEAVE", "0", [], "interleave:0"), ("MPOL_INTERLEAVE", "0", ["MPOL_F_RELATIVE_NODES"], "interleave=relative:0"),
                ("MPOL_PREFERRED", "0", [], "prefer:0"), ("MPOL_PREFERRED_MANY", "0", [], "prefer (many):0"),
                ("MPOL_LOCAL", "", [], "local"), ("MPOL_DEFAULT", "", [], "default")):
            with self.subTest(mode, flags=flags):
                name = self.start_sleeper(change=lambda b: b.linux.update(
                    memoryPolicy={"mode": mode, "nodes": nodes, "flags": flags}))
                with open("/proc/%d/numa_maps" % self.pid_of(name)) as file:
                    self.assertIn(shown, file.read())
                self.end(name)
        self.refused("linux.memoryPolicy: set_mempolicy(", change=lambda b: b.linux.update(
            memoryPolicy={"mode": "MPOL_BIND", "nodes": "1000"}))
        self.refused("config.json:", "linux.memoryPolicy.nodes", change=lambda b: b.linux.update(
            memoryPolicy={"mode": "MPOL_BIND", "nodes": "a"}))


class Annotations(ContainerCase):
    @quick
    def test_handlers_are_refused(self):
        for key, value in (("run.oci.handler", "krun"), ("run.oci.handler", "wasm"), ("module.wasm.image/variant", "compat")):
            bundle = self.bundle("/bin/true", change=lambda b: b.config.update(annotations={key: value}))
            self.assert_one_line(self.runtime.refuses("create", "--bundle", bundle.path, self.new_id()),
                                 "config.json:", "annotations[\"%s\"]" % key, "orlop")
            self.assert_nothing_left()

    def test_keep_original_groups(self):
        def groups(value):
            return self.report("user", before=lambda: os.setgroups([41, 42]), change=lambda b: b.config.update(
                annotations={"run.oci.keep_original_groups": value}))["user"]["groups"]
        self.assertEqual(groups("1"), [41, 42])
        self.assertEqual(groups("0"), [])


if __name__ == "__main__":
    runner.main()
