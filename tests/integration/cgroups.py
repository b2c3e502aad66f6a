#!/usr/bin/python3
"""The container's cgroup: one in each hierarchy, entered, and removed with the container."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402
from userns import joined, user_namespace  # noqa: E402


class Cgroups(ContainerCase):
    def sleeper_at(self, path):
        return self.start_sleeper(change=lambda bundle: bundle.linux.update(cgroupsPath=path))

    def directories_of(self, name):
        """The cgroup of the container's init in each hierarchy of this view, as a directory of the host."""
        own = cgroup.own(self.pid_of(name))
        return {key: cgroup.path_of(key, own[key]) for key in cgroup.hierarchies()}

    @quick
    def test_entered_in_each_hierarchy(self):
        path = "/" + self.new_id()
        name = self.sleeper_at(path)
        pid = self.pid_of(name)
        for key, directory in self.directories_of(name).items():
            with self.subTest(key):
                self.assertEqual(directory, cgroup.path_of(key, path))
                with open(os.path.join(directory, "cgroup.procs")) as file:
                    self.assertEqual(file.read().split(), [str(pid)])
        self.end(name)
        self.assert_nothing_left()

    @quick
    def test_removed_after_a_foreground_run(self):
        path = "/" + self.new_id()
        self.run_container("/bin/true", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        for key in cgroup.hierarchies():
            self.assertFalse(os.path.exists(cgroup.path_of(key, path)), key)

    def test_default_path_is_the_containers_own(self):
        first = self.directories_of(self.start_sleeper())
        second = self.directories_of(self.start_sleeper())
        for key in first:
            self.assertNotEqual(first[key], second[key], key)
            self.assertIn(settings.TAG, first[key])

    def test_entered_at_create(self):
        path = "/" + self.new_id()
        name, _ = self.create("/bin/true", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        for key, directory in self.directories_of(name).items():
            self.assertEqual(directory, cgroup.path_of(key, path))

    def test_relative_path(self):
        path = self.new_id() + "/inner"
        name = self.sleeper_at(path)
        directories = self.directories_of(name)
        for directory in directories.values():
            self.assertTrue(directory.endswith("/" + path), directory)
        self.end(name)
        for directory in directories.values():
            self.assertFalse(os.path.exists(directory))
            self.sweep_parents(directory)

    def test_disabled(self):
        """No cgroup of its own: the caller's; nothing of the host's tree inside; kill and delete do without."""
        def change(bundle):
            bundle.linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
            bundle.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=["ro", "nosuid"])
        bundle = self.bundle("/bin/sh", "-c", "ls /sys/fs/cgroup && mount && exec sleep 100", change=change)
        name = self.new_id()
        disabled = ("--cgroup-manager", "disabled")
        self.runtime.ok("create", "--bundle", bundle.path, name, options=disabled)
        self.assertEqual(cgroup.own(self.pid_of(name)), cgroup.own())
        self.runtime.ok("start", name)
        self.assertEqual(self.runtime.ok("exec", name, "/bin/ls", "/sys/fs/cgroup").stdout, "")
        for command in ("pause", "ps"):
            self.assert_one_line(self.runtime.refuses(command, name), "no cgroup of its own")
        self.end(name)
        self.assert_nothing_left()

    def test_disabled_and_an_update(self):
        """It changes nothing of the cgroups that somebody else has where the container's would be."""
        controller = next((one for one in ("pids", "") if one in cgroup.hierarchies()), None)
        if controller is None or "pids" not in cgroup.controllers():
            skip("no controller pids here")
        name = self.new_id()
        bundle = self.bundle("/bin/probe", "sleep", change=lambda bundle: bundle.linux.pop("cgroupsPath", None))
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, name, options=("--cgroup-manager", "disabled"))
        other = cgroup.path_of(controller, "/" + name)
        os.mkdir(other)
        self.addCleanup(os.rmdir, other)
        result = self.runtime.refuses("update", "--pids-limit", "5", name)
        self.assert_one_line(result, "the container has no cgroup")
        limit = os.path.join(other, "pids.max")
        if os.path.exists(limit):
            with open(limit) as file:
                self.assertEqual(file.read(), "max\n")
        self.end(name)

    def test_disabled_takes_no_limits(self):
        result = self.run_container("/bin/true", options=("--cgroup-manager=disabled",), change=lambda bundle:
                                    bundle.linux.update(resources={"pids": {"limit": 100}}))
        self.assertNotEqual(result.status, 0)
        self.assert_one_line(result, "linux.resources.pids.limit", "--cgroup-manager disabled")

    def test_managers(self):
        self.assertEqual(self.run_container("/bin/true", options=("--cgroup-manager", "cgroupfs")).status, 0)
        refused = [(("--cgroup-manager", "other"), 'unknown cgroup manager "other" (cgroupfs, systemd or disabled)'),
                   (("--cgroup-manager", "cgroupfs", "--systemd-cgroup"), "exclude each other")]
        if not os.path.isdir("/run/systemd/system"):
            refused += [(options, "systemd cannot make the cgroup: this machine was not booted with it")
                        for options in (("--cgroup-manager", "systemd"), ("--systemd-cgroup",))]
        for options, words in refused:
            result = self.run_container("/bin/true", options=options)
            self.assertNotEqual(result.status, 0)
            self.assert_one_line(result, words)

    def sweep_parents(self, directory):
        """Parents that the runtime had to make may stay, as runc leaves them."""
        parent = os.path.dirname(directory)
        while settings.TAG in parent:
            if os.path.isdir(parent):
                os.rmdir(parent)
            parent = os.path.dirname(parent)

    def test_parents_that_were_there_stay(self):
        parent = "/" + self.new_id()
        parents = [cgroup.path_of(key, parent) for key in cgroup.hierarchies()]
        for each in parents:
            os.mkdir(each)
            self.addCleanup(lambda path: os.path.isdir(path) and os.rmdir(path), each)
        name = self.sleeper_at(parent + "/inner")
        self.assertEqual({os.path.dirname(each) for each in self.directories_of(name).values()}, set(parents))
        self.end(name)
        for each in parents:
            self.assertEqual([entry.name for entry in os.scandir(each) if entry.is_dir()], [])

    def test_a_path_with_dots_does_not_leave_the_hierarchy(self):
        escape = self.new_id()
        result = self.run_container("/bin/probe", "sleep", change=lambda bundle: bundle.linux.update(
            cgroupsPath="/../../../../" + escape), words=("--detach",))
        for place in ("/sys/fs/cgroup", "/sys/fs", "/sys", "/"):
            outside = os.path.join(place, escape)
            if outside not in cgroup.directories():
                self.assertFalse(os.path.exists(outside), str(result))

    def test_somebody_elses_process_survives_delete(self):
        """The configured cgroup is already in use: refused, or shared, but what is in it is not the container's."""
        path = "/" + self.new_id()
        stranger = subprocess.Popen(["/bin/sleep", "60"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        for key in cgroup.hierarchies():
            os.mkdir(cgroup.path_of(key, path))
            self.put(stranger.pid, cgroup.path_of(key, path))
        bundle = self.bundle("/bin/probe", "sleep", change=lambda bundle: bundle.linux.update(cgroupsPath=path))
        name = self.new_id()
        self.runtime.call("run", "--detach", "--bundle", bundle.path, name)
        self.runtime.call("delete", "--force", name)
        self.assertIsNone(stranger.poll())
        for key in cgroup.hierarchies():
            self.put(stranger.pid, cgroup.hierarchies()[key])
            if os.path.isdir(cgroup.path_of(key, path)):
                os.rmdir(cgroup.path_of(key, path))

    def put(self, pid, directory):
        if os.path.exists(os.path.join(directory, "cpuset.cpus")):
            for file in ("cpuset.cpus", "cpuset.mems"):  # an empty cpuset takes no process
                self.copy_up(directory, file)
        with open(os.path.join(directory, "cgroup.procs"), "w") as file:
            file.write(str(pid))

    def copy_up(self, directory, name):
        with open(os.path.join(directory, name)) as file:
            if file.read().strip():
                return
        with open(os.path.join(os.path.dirname(directory), name)) as file:
            value = file.read()
        with open(os.path.join(directory, name), "w") as file:
            file.write(value)

    def test_children_are_inside_too(self):
        name = self.start_sleeper(args=("/bin/probe", "spawn", "3", "300", "+", "sleep"))
        self.wait_for_output(name, "]")
        for key, directory in self.directories_of(name).items():
            with open(os.path.join(directory, "cgroup.procs")) as file:
                self.assertEqual(len(file.read().split()), 4, key)
        self.end(name)

    def test_nothing_of_the_runtime_stays_inside(self):
        """After run --detach the cgroup holds the container alone, not a helper of the runtime."""
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, name)
        for key, directory in self.directories_of(name).items():
            with open(os.path.join(directory, "cgroup.procs")) as file:
                self.assertEqual(file.read().split(), [str(self.pid_of(name))], key)
        self.end(name)

    def test_the_runtime_itself_is_not_moved(self):
        before = cgroup.own()
        bundle = self.bundle("/bin/probe", "say", "up", "+", "sleep")
        process = subprocess.Popen(self.runtime.argv("run", "--bundle", bundle.path, self.new_id()),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(program.end_group, process)
        process.stdout.readline()
        self.assertEqual(cgroup.own(process.pid), before)


class Delegation(ContainerCase):
    def owner(self, uid, options):
        def change(bundle):
            bundle.own_cgroup_namespace()
            bundle.process["user"] = {"uid": uid, "gid": uid}
            bundle.config["mounts"] = [mount for mount in bundle.config["mounts"] if mount["type"] != "cgroup"]
            bundle.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=options)

        name = self.start_sleeper(change=change)
        directory = cgroup.path_of("", cgroup.own(self.pid_of(name))[""])
        owners = {file: os.stat(os.path.join(directory, file)).st_uid
                  for file in (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.max.depth")}
        result = self.runtime.call("exec", name, "/bin/busybox", "mkdir", "/sys/fs/cgroup/below")
        self.end(name)
        return list(owners.values()), result.status == 0

    def test_only_where_the_container_may_write(self):
        if cgroup.layout() != "v2":
            skip("with cgroup version 1 nothing is delegated")
        self.assertEqual(self.owner(1000, []), ([1000, 1000, 1000, 0], True))
        self.assertEqual(self.owner(1000, ["ro"]), ([0, 0, 0, 0], False))
        self.assertEqual(self.owner(0, []), ([0, 0, 0, 0], True))


class Payload(ContainerCase):
    """run.oci.delegate-cgroup"""

    def change(self, *more, name="a/payload"):
        def change(bundle):
            bundle.own_cgroup_namespace()
            bundle.config["annotations"] = {"run.oci.delegate-cgroup": name}
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
            bundle.config["mounts"] = [mount for mount in bundle.config["mounts"] if mount["type"] != "cgroup"]
            bundle.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=[])
            for one in more:
                one(bundle)
        return change

    def check(self, owner, *more):
        if cgroup.layout() != "v2":
            skip("needs version 2 alone")
        name = self.start_sleeper(change=self.change(*more))
        payload = cgroup.path_of("", cgroup.own(self.pid_of(name))[""])
        outer = os.path.dirname(os.path.dirname(payload))
        self.assertTrue(payload.endswith("/a/payload"), payload)
        files = (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.max.depth")
        self.assertEqual([os.stat(os.path.join(payload, file)).st_uid for file in files], [owner, owner, owner, 0])
        self.assertEqual([os.stat(os.path.join(outer, file)).st_uid for file in files], [0, 0, 0, 0])
        # The namespace begins with the container's own, where the limits are.
        self.assertIn("\n0::/a/payload\n", "\n" + self.runtime.ok("exec", name, "/bin/cat", "/proc/self/cgroup").stdout)
        self.assertEqual(self.runtime.call("exec", name, "/bin/busybox", "mkdir", "/sys/fs/cgroup/other").status, 1)
        self.runtime.ok("exec", name, "/bin/busybox", "mkdir", "/sys/fs/cgroup/a/payload/below")
        self.assertEqual(json.loads(self.runtime.ok("ps", "--format", "json", name).stdout), [self.pid_of(name)])
        self.runtime.ok("pause", name)
        self.runtime.ok("resume", name)
        self.end(name)
        self.assertFalse(os.path.exists(outer))

    def test_its_owner(self):
        self.check(1000)
        self.assert_nothing_left()

    def test_in_a_user_namespace(self):
        self.check(301000, user_namespace)

    def test_in_a_joined_user_namespace(self):
        donor = self.pid_of(self.start_sleeper(change=user_namespace))
        self.check(301000, joined("/proc/%d/ns/user" % donor))

    def test_controllers(self):
        if cgroup.layout() != "v2":
            skip("needs version 2 alone")
        name = self.start_sleeper(change=self.change())
        payload = cgroup.path_of("", cgroup.own(self.pid_of(name))[""])
        with open(os.path.join(payload, "cgroup.controllers")) as mine, \
                open(os.path.join(cgroup.hierarchies()[""], "cgroup.controllers")) as all_there_are:
            self.assertEqual(mine.read(), all_there_are.read())
        self.end(name)

    def test_exec_follows_an_init_that_has_left_it(self):
        if cgroup.layout() != "v2":
            skip("needs version 2 alone")
        name = self.start_sleeper(change=self.change(name="payload"))
        payload = cgroup.path_of("", cgroup.own(self.pid_of(name))[""])
        other = os.path.join(os.path.dirname(payload), "other")
        os.mkdir(other)
        with open(os.path.join(other, "cgroup.procs"), "w") as file:
            file.write(str(self.pid_of(name)))
        os.rmdir(payload)
        self.assertIn("\n0::/other\n", "\n" + self.runtime.ok("exec", name, "/bin/cat", "/proc/self/cgroup").stdout)
        # What is asked for is not replaced.
        result = self.runtime.call("exec", "--cgroup", "/payload", name, "/bin/true")
        self.assertEqual(result.status, 255)
        self.assert_one_line(result, "payload", "no such file or directory")
        self.end(name)
        self.assert_nothing_left()

    def test_a_cgroup_that_is_there_already(self):
        if cgroup.layout() != "v2":
            skip("needs version 2 alone")
        there = "/" + self.new_id()
        path = cgroup.path_of("", there)
        os.mkdir(path)
        self.addCleanup(os.rmdir, path)
        name = self.start_sleeper(change=self.change(lambda b: b.linux.update(cgroupsPath=there), name="payload"))
        self.end(name)
        self.assertEqual([entry for entry in os.listdir(path) if os.path.isdir(os.path.join(path, entry))], [])

    def test_refused(self):
        for name in ("..", "../victim", "a/../b", "/a", "a/"):
            bundle = self.bundle("/bin/true", change=self.change(name=name))
            result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
            self.assert_one_line(result, 'annotations["run.oci.delegate-cgroup"]', "is no path below the container's cgroup")
        if cgroup.layout() != "v2":
            bundle = self.bundle("/bin/true", change=self.change())
            result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
            self.assert_one_line(result, "on a host with cgroup version 2 alone")
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
