#!/usr/bin/python3
"""New user namespaces: ids, owners, and what such a container may not make itself."""

import json
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, runner  # noqa: E402
from harness.bundle import USER_BASE, USER_COUNT  # noqa: E402
from harness.case import ContainerCase, need_mapped_ids, need_time_namespaces, quick, skip  # noqa: E402

BASE, COUNT = USER_BASE, USER_COUNT


def has_resource_capability():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1], 16) for line in file if line.startswith("CapEff")) >> 24 & 1


def user_namespace(bundle, *ranges):
    bundle.user_namespace(*ranges)


class User(ContainerCase):
    @quick
    def test_the_maps_are_the_configs(self):
        uids, gids, ids = self.lines(
            "read", "/proc/self/uid_map", "+", "read", "/proc/self/gid_map", "+", "read", "/proc/self/status",
            change=lambda b: b.user_namespace(((0, BASE, 1000), (5000, BASE + 1000, 7)), ((0, BASE, 1000), (6000, BASE + 2000, 8))))
        self.assertEqual(uids["text"].split(), ["0", str(BASE), "1000", "5000", str(BASE + 1000), "7"])
        self.assertEqual(gids["text"].split(), ["0", str(BASE), "1000", "6000", str(BASE + 2000), "8"])
        self.assertIn("Uid:\t0\t0\t0\t0", ids["text"])
        self.assertIn("Groups:\t \n", ids["text"])

    def test_a_map_is_made_where_the_config_has_none(self):
        """The caller's own id, and what /etc/subuid gives: of root here, as a rule nothing."""
        def change(bundle):
            bundle.linux["namespaces"].append({"type": "user"})
            for mount in bundle.config["mounts"]:
                mount["options"] = [option for option in mount.get("options", []) if option != "gid=5"]
        uids, ids = self.lines("read", "/proc/self/uid_map", "+", "read", "/proc/self/status", change=change)
        self.assertEqual(uids["text"].split()[:3], ["0", "0", "1"])
        self.assertIn("Uid:\t0\t0\t0\t0", ids["text"])
        name = self.start_sleeper(change)
        self.assertEqual(self.runtime.ok("exec", name, "/bin/cat", "/proc/self/uid_map").stdout.split()[:3], ["0", "0", "1"])
        self.end(name)

    def test_seen_from_the_host(self):
        name = self.start_sleeper(user_namespace)
        with open("/proc/%d/status" % self.pid_of(name)) as file:
            self.assertIn("Uid:\t%d\t%d\t%d\t%d" % ((BASE,) * 4), file.read())
        self.end(name)

    def test_all_namespaces_are_new(self):
        inside = self.report("namespaces", change=user_namespace)["namespaces"]
        for file in ("user", "pid", "net", "ipc", "uts", "mnt", "cgroup"):
            self.assertNotEqual(inside[file], os.readlink("/proc/self/ns/" + file), file)

    @quick
    def test_owners_are_the_containers_root(self):
        paths = ("/dev/mqueue", "/sys/class/net/lo/mtu", "/proc/self/status", "/dev", "/dev/shm", "/dev/pts")
        for row in self.lines("stat", *paths, change=user_namespace):
            self.assertEqual((row["errno"], row["uid"]), (0, 0), row)

    def test_devices_are_bound(self):
        devices = self.report("devices", change=user_namespace)["devices"]
        for name, number in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
            self.assertEqual((devices[name]["type"], devices[name]["major"], devices[name]["minor"]), ("c", 1, number))
        self.assertEqual(self.lines("write", "/dev/null", "x", change=user_namespace)[0]["errno"], 0)
        table = self.lines("read", "/proc/self/mountinfo", change=user_namespace)[0]["text"]
        bound = [line.split() for line in table.splitlines() if " /dev/null " in line]
        self.assertTrue(bound and {"nosuid", "noexec"} <= set(bound[0][5].split(",")), bound)

    def test_listed_devices(self):
        """The config's mode and owner, whatever the host has, and outside of /dev, too; they can be opened."""
        self.check_listed_devices(user_namespace)
        self.assert_nothing_left()

    def check_listed_devices(self, enter):
        def change(bundle):
            enter(bundle)
            bundle.linux["devices"] = [
                {"path": "/dev/cargo", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 7, "gid": 8},
                {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o606},
                {"path": "/dev/nowhere", "type": "b", "major": 259, "minor": 1048575, "fileMode": 0o157},
                {"path": "/dev/plain", "type": "c", "major": 1, "minor": 9},
                {"path": "/dev/pipe", "type": "p", "fileMode": 0o600},
                {"path": "/var/null", "type": "c", "major": 1, "minor": 3}]
        devices = self.report("devices", change=change, before=lambda: os.umask(0o077))["devices"]
        null = {"type": "c", "major": 1, "minor": 3}
        self.assertEqual(devices["cargo"], dict(null, mode=0o640, uid=7, gid=8))
        self.assertEqual(devices["null"], dict(null, mode=0o606, uid=0, gid=0))
        self.assertEqual(devices["nowhere"], dict(type="b", major=259, minor=1048575, mode=0o157, uid=0, gid=0))
        self.assertEqual(devices["plain"], dict(type="c", major=1, minor=9, mode=0o666, uid=0, gid=0))
        self.assertEqual(devices["pipe"]["mode"], 0o600)
        inside, table = self.lines("read", "/var/null", "+", "read", "/proc/self/mountinfo", change=change)
        self.assertEqual((inside["errno"], inside["text"]), (0, ""))
        mounts = [line.split() for line in table["text"].splitlines()]
        # The root may be a directory of a tmpfs; a whole one would be where the nodes were made.
        self.assertEqual([mount for mount in mounts if mount[3:5] == ["/", "/"] and mount[8] == "tmpfs"], [])
        cargo = next(mount for mount in mounts if mount[4] == "/dev/cargo")
        self.assertLessEqual({"nosuid", "noexec"}, set(cargo[5].split(",")))

    def test_an_owner_that_is_not_mapped(self):
        def change(bundle):
            user_namespace(bundle)
            bundle.linux["devices"] = [{"path": "/dev/cargo", "type": "c", "major": 1, "minor": 3, "gid": COUNT}]
        bundle = self.bundle("/bin/true", change=change)
        result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, "device /dev/cargo: gid %d is not mapped in the user namespace" % COUNT)
        self.assert_nothing_left()

    def test_a_listed_device_on_another_file(self):
        def change(bundle):
            user_namespace(bundle)
            os.mkdir(os.path.join(bundle.rootfs, "cargo"))
            bundle.linux["devices"] = [{"path": "/cargo", "type": "c", "major": 1, "minor": 3}]
        bundle = self.bundle("/bin/true", change=change)
        result = self.runtime.refuses("run", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, "device /cargo: openat(\"/cargo\"): file exists")
        self.assert_nothing_left()

    def test_340_ranges(self):
        ranges = tuple((i, 1000 + i, 1) for i in range(340))
        text = self.lines("read", "/proc/self/uid_map", change=lambda b: user_namespace(b, ranges))[0]["text"]
        self.assertEqual(len(text.splitlines()), 340)

    def test_another_user(self):
        def change(bundle):
            user_namespace(bundle)
            bundle.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5, 7]}
        text = self.lines("read", "/proc/self/status", change=change)[0]["text"]
        self.assertIn("Uid:\t1000\t1000\t1000\t1000", text)
        self.assertIn("Groups:\t5 7", text)

    def test_without_root(self):
        """Nobody is 0 inside: the first mapped id makes the mounts."""
        def change(bundle):
            user_namespace(bundle, ((1000, BASE, 10),), ((1000, BASE, 10),))
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
            for entry in bundle.config["mounts"]:
                entry["options"] = [word for word in entry.get("options", []) if not word.startswith("gid=")]
        text = self.lines("read", "/proc/self/status", change=change)[0]["text"]
        self.assertIn("Uid:\t1000\t1000\t1000\t1000", text)

    def test_a_mount_with_mapped_ids(self):
        """What belongs to root on the host belongs to the container's root, though that one is another id."""
        need_mapped_ids()
        source = os.path.join(self.directory, "data")
        os.mkdir(source, 0o755)

        def change(bundle):
            user_namespace(bundle)
            bundle.mount("/data", type="bind", source=source, options=["bind", "idmap"])
        row = self.lines("stat", "/data", change=change)[0]
        self.assertEqual((row["uid"], row["gid"]), (0, 0), row)

    def test_a_source_that_the_mapped_root_cannot_reach(self):
        hidden = os.path.join(self.directory, "hidden")
        os.mkdir(hidden, 0o700)
        os.mkdir(os.path.join(hidden, "data"), 0o755)
        with open(os.path.join(hidden, "data", "file"), "w") as file:
            file.write("cargo")

        def change(bundle):
            user_namespace(bundle)
            bundle.mount("/data", type="bind", source=os.path.join(hidden, "data"), options=["rbind", "ro"])
        self.assertEqual(self.lines("read", "/data/file", change=change)[0]["text"], "cargo")

    def test_what_the_host_mounted_read_only_stays_so(self):
        """Whoever has opened the source: the root of the container cannot lift the host's flags."""
        hidden = os.path.join(self.directory, "hidden")
        os.mkdir(hidden, 0o700)
        for name in ("open", "hidden/closed"):
            path = os.path.join(self.directory, name)
            os.mkdir(path, 0o755)
            subprocess.run(["mount", "--bind", path, path], check=True)
            self.addCleanup(subprocess.run, ["umount", path], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)

            def change(bundle):
                user_namespace(bundle)
                bundle.grant("CAP_SYS_ADMIN")
                bundle.mount("/data", type="bind", source=path, options=["bind"])
            self.assertNotEqual(self.lines("remount-writable", "/data", change=change)[0]["errno"], 0, name)

    def test_what_covers_a_source_stays_over_it(self):
        """Whoever has opened it: what is mounted below comes along, locked, and nothing is a peer of the host's."""
        os.mkdir(os.path.join(self.directory, "hidden"), 0o700)
        for name in ("open", "hidden/closed"):
            path = os.path.join(self.directory, name)
            os.mkdir(path)
            for target in (path, path + "/covered"):
                kernel.mount("tmpfs", target, "tmpfs", 0)
                self.addCleanup(kernel.unmount, target)
                os.makedirs(path + "/covered/secret", exist_ok=True)
            os.rmdir(path + "/covered/secret")
            kernel.mount("", path, "", kernel.MS_SHARED)

            def change(bundle):
                bundle.user_namespace()
                bundle.grant("CAP_SYS_ADMIN")
                bundle.mount("/data", type="bind", source=path, options=["rbind"])
            with self.subTest(name):
                words = ("unmount", "/data/covered", "+", "list", "/data/covered", "+", "report", "mounts")
                taken, seen, report = self.lines(*words, change=change)
                self.assertNotEqual(taken["errno"], 0)
                self.assertEqual(seen["names"], [])
                mounts = [mount for mount in report["mounts"] if mount["target"].startswith("/data")]
                self.assertEqual(len(mounts), 2)
                self.assertFalse([word for mount in mounts for word in mount["optional"] if word.startswith("shared:")])

    def test_a_bind_without_what_is_mounted_below(self):
        """mount_namespaces(7): what is locked there stays where it is; the kernel's EINVAL says nothing of that."""
        path = os.path.join(self.directory, "with")
        os.makedirs(os.path.join(path, "inner"))
        kernel.mount("tmpfs", os.path.join(path, "inner"), "tmpfs", 0)
        self.addCleanup(kernel.unmount, os.path.join(path, "inner"))
        for option in ("bind", "rbind"):
            def change(bundle):
                user_namespace(bundle)
                bundle.mount("/tmp", type="bind", source=path, options=[option])
            result = self.run_container("/bin/true", change=change)
            if option == "rbind":
                self.assertEqual(result.status, 0, str(result))
                continue
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "mounts[", "/tmp: open_tree(", "invalid argument")
            self.assertIn("hint: other mounts are below it", result.stderr)
            self.assertIn("rbind", result.stderr)

    def test_nor_by_a_map_of_ids(self):
        need_mapped_ids()
        for options in (["bind", "idmap"], ["rbind", "ridmap"]):
            path = os.path.join(self.directory, options[1])
            os.mkdir(path)
            subprocess.run(["mount", "--bind", path, path], check=True)
            self.addCleanup(subprocess.run, ["umount", path], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)

            def change(bundle):
                user_namespace(bundle)
                bundle.grant("CAP_SYS_ADMIN")
                bundle.mount("/data", type="bind", source=path, options=options)
            self.assertNotEqual(self.lines("remount-writable", "/data", change=change)[0]["errno"], 0, options)

    def test_the_hosts_network(self):
        """sysfs is the host's then, and nothing in it can be written: control groups neither."""
        def change(bundle):
            user_namespace(bundle)
            bundle.drop_namespace("network")
            bundle.config["mounts"] = [m for m in bundle.config["mounts"] if m["destination"] != "/sys/fs/cgroup"]
        mounts = self.report("mounts", change=change)["mounts"]
        below = [mount for mount in mounts if mount["target"] == "/sys" or mount["target"].startswith("/sys/")]
        self.assertTrue(below)
        for mount in below:
            self.assertIn("ro", mount["options"], mount)

    def test_a_joined_network(self):
        donor = self.start_sleeper()
        path = "/proc/%d/ns/net" % self.pid_of(donor)

        def change(bundle):
            user_namespace(bundle)
            bundle.drop_namespace("network")
            bundle.linux["namespaces"].append({"type": "network", "path": path})
        self.assertEqual(self.report("namespaces", change=change)["namespaces"]["net"], os.readlink(path))

    def test_what_needs_the_hosts_privilege(self):
        """A better place in the queue: the container's root could not take it."""
        def change(bundle):
            user_namespace(bundle)
            bundle.process["oomScoreAdj"] = 300
            bundle.process["scheduler"] = {"policy": "SCHED_OTHER", "nice": -7}
            bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_RT", "priority": 3}
        name = self.start_sleeper(change)
        for pid in (self.pid_of(name), self.executed(name)):
            with open("/proc/%d/oom_score_adj" % pid) as file:
                self.assertEqual(file.read(), "300\n")
            self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), -7)

    def test_limits_above_the_callers(self):
        """The container's root could not raise them, and whoever calls orlop may, if it has CAP_SYS_RESOURCE."""
        def lower():
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))

        def change(bundle):
            bundle.user_namespace()
            bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 900, "hard": 1000}]
        result = self.run_container("/bin/probe", "report", "rlimits", change=change, before=lower)
        if not has_resource_capability():
            self.assert_one_line(result, "process.rlimits[0]: setrlimit(RLIMIT_NOFILE, 900, 1000): operation not perm")
            self.assertIn("hint: ", result.stderr)
            return
        name = self.start_sleeper(change)
        for result in (result, self.runtime.call("exec", name, "/bin/probe", "report", "rlimits", before=lower)):
            self.assertEqual(result.status, 0, str(result))
            self.assertEqual(json.loads(result.stdout)["rlimits"]["RLIMIT_NOFILE"], {"soft": 900, "hard": 1000})

    def test_a_lower_oom_score(self):
        def change(bundle):
            bundle.user_namespace()
            bundle.process["oomScoreAdj"] = -500
        result = self.run_container("/bin/true", change=change)
        if not has_resource_capability():
            self.assert_one_line(result, "process.oomScoreAdj", "permission denied")
            self.assertIn("hint: ", result.stderr)
            return
        name = self.start_sleeper(change)
        for pid in (self.pid_of(name), self.executed(name)):
            with open("/proc/%d/oom_score_adj" % pid) as file:
                self.assertEqual(file.read(), "-500\n")

    def executed(self, name):
        path = os.path.join(self.directory, "pid")
        self.runtime.ok("exec", "--detach", "--pid-file", path, name, "/bin/probe", "sleep")
        with open(path) as file:
            return int(file.read())

    def test_time_offsets(self):
        need_time_namespaces()
        def change(bundle):
            user_namespace(bundle)
            bundle.linux["namespaces"].append({"type": "time"})
            bundle.linux["timeOffsets"] = {"boottime": {"secs": 86400}}
        text = self.lines("read", "/proc/self/timens_offsets", change=change)[0]["text"]
        self.assertIn("86400", text)

    def test_create_start_delete(self):
        name = self.start_sleeper(user_namespace)
        self.end(name)
        self.assert_nothing_left()

    def test_maps_that_the_kernel_refuses(self):
        result = self.run_container("/bin/true", change=lambda b: user_namespace(b, ((0, BASE, 1), (1, BASE, 1))))
        self.assert_one_line(result, "linux.uidMappings[1].hostID", "overlaps with")
        self.assert_nothing_left()

    def test_the_cgroup_is_given_to_the_containers_user(self):
        """config-linux.md, "Cgroup ownership": v2, a cgroup namespace, a writable mount."""
        if cgroup.layout() != "v2":
            skip("cgroups of version 1 are not given away")

        def change(bundle, options=(), uid=0):
            user_namespace(bundle)
            bundle.own_cgroup_namespace()
            bundle.process["user"] = {"uid": uid, "gid": uid}
            for entry in bundle.config["mounts"]:
                if entry["destination"] == "/sys/fs/cgroup":
                    entry["options"] = list(options)
        given = ("/sys/fs/cgroup", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cgroup.subtree_control")
        kept = "/sys/fs/cgroup/cgroup.freeze"
        rows = {row["path"]: row["uid"] for row in self.lines("stat", *given, kept, change=change)}
        self.assertEqual(rows, dict({path: 0 for path in given}, **{kept: 65534}))
        rows = self.lines("stat", *given, change=lambda b: change(b, uid=7))
        self.assertEqual([row["uid"] for row in rows], [7, 7, 7])
        rows = self.lines("stat", *given, change=lambda b: change(b, ("ro",)))
        self.assertEqual([row["uid"] for row in rows], [65534] * 3)


class Exec(ContainerCase):
    def inside(self, name, *words):
        result = self.runtime.ok("exec", *words, name, "/bin/probe", "read", "/proc/self/status")
        return json.loads(result.stdout)["text"]

    @quick
    def test_as_the_containers_root(self):
        name = self.start_sleeper(user_namespace)
        text = self.inside(name)
        self.assertIn("Uid:\t0\t0\t0\t0", text)
        self.assertIn("Groups:\t \n", text)
        report = json.loads(self.runtime.ok("exec", name, "/bin/probe", "report", "namespaces").stdout)["namespaces"]
        for file in ("user", "pid", "net", "ipc", "uts", "mnt", "cgroup"):
            self.assertEqual(report[file], os.readlink("/proc/%d/ns/%s" % (self.pid_of(name), file)), file)

    def test_as_another_user(self):
        name = self.start_sleeper(user_namespace)
        text = self.inside(name, "--user", "5:7", "--additional-gids", "9")
        self.assertIn("Uid:\t5\t5\t5\t5", text)
        self.assertIn("Gid:\t7\t7\t7\t7", text)
        self.assertIn("Groups:\t9 \n", text)

    def test_the_streams_are_the_users(self):
        """As with run: it may open its own /dev/stdout again."""
        def change(bundle):
            bundle.user_namespace()
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
        name = self.start_sleeper(change)
        write = ("/bin/probe", "write", "/dev/stdout", "again")
        for words in (("exec", "--user", "1001:1001", name, *write),
                      ("run", "--bundle", self.bundle(*write, change=change).path, self.new_id())):
            process = subprocess.Popen(self.runtime.argv(*words), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            self.assertIn(b'"errno":0', process.communicate(timeout=20)[0], words)

    def test_a_user_that_is_not_mapped(self):
        name = self.start_sleeper(user_namespace)
        result = self.runtime.refuses("exec", "--user", str(COUNT), name, "/bin/true")
        self.assert_one_line(result, "process.user.uid", "%d is not in linux.uidMappings" % COUNT)

    def test_capabilities(self):
        name = self.start_sleeper(user_namespace)
        self.assertIn("CapEff:\t0000000020001420", self.inside(name, "--cap", "CAP_NET_ADMIN"))

    def test_where_nobody_is_root(self):
        def change(bundle):
            user_namespace(bundle, ((1000, BASE, 10),), ((1000, BASE, 10),))
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
            for entry in bundle.config["mounts"]:
                entry["options"] = [word for word in entry.get("options", []) if not word.startswith("gid=")]
        name = self.start_sleeper(change)
        self.assertIn("Uid:\t1000\t1000\t1000\t1000", self.inside(name))

    def test_nobody_looks_into_a_process_before_its_execve(self):
        name = self.start_sleeper(lambda bundle: (user_namespace(bundle), bundle.grant("CAP_SYS_PTRACE")))
        self.assertEqual(self.hunted(name, lambda: [self.runtime.ok("exec", name, "/bin/true") for _ in range(40)]), [])


def joined(path, maps=False):
    """A user namespace that is there already."""
    def change(bundle):
        user_namespace(bundle)
        bundle.drop_namespace("user")
        bundle.linux["namespaces"].append({"type": "user", "path": path})
        if not maps:
            del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
    return change


class Join(ContainerCase):
    def donor(self):
        return self.pid_of(self.start_sleeper(user_namespace))

    @quick
    def test_alone(self):
        """What is new belongs to it: its root mounts a procfs and a sysfs of the new namespaces."""
        path = "/proc/%d/ns/user" % self.donor()
        report = self.report("namespaces", "devices", change=joined(path))
        self.assertEqual(report["namespaces"]["user"], os.readlink(path))
        for file in ("pid", "net", "ipc", "uts", "mnt", "cgroup"):
            self.assertNotEqual(report["namespaces"][file], os.readlink("/proc/self/ns/" + file), file)
        self.assertEqual(report["devices"]["null"]["minor"], 3)
        paths = ("/dev/mqueue", "/sys/class/net/lo/mtu", "/proc/self/status", "/dev", "/dev/shm")
        for row in self.lines("stat", *paths, change=joined(path)):
            self.assertEqual((row["errno"], row["uid"]), (0, 0), row)
        self.assertIn("Uid:\t0\t0\t0\t0", self.lines("read", "/proc/self/status", change=joined(path))[0]["text"])

    def test_listed_devices(self):
        User.check_listed_devices(self, joined("/proc/%d/ns/user" % self.donor()))

    def test_with_others_of_its_own(self):
        pid = self.donor()
        kinds = {"network": "net", "ipc": "ipc", "uts": "uts", "pid": "pid", "cgroup": "cgroup"}

        def change(bundle):
            joined("/proc/%d/ns/user" % pid)(bundle)
            del bundle.config["hostname"]
            for kind, file in kinds.items():
                bundle.drop_namespace(kind)
                bundle.linux["namespaces"].append({"type": kind, "path": "/proc/%d/ns/%s" % (pid, file)})
        report = self.report("namespaces", change=change)["namespaces"]
        for file in ["user"] + list(kinds.values()):
            self.assertEqual(report[file], os.readlink("/proc/%d/ns/%s" % (pid, file)), file)

    def test_with_one_of_the_host(self):
        pid = self.donor()
        other = self.pid_of(self.start_sleeper())

        def change(bundle):
            joined("/proc/%d/ns/user" % pid)(bundle)
            bundle.drop_namespace("network")
            bundle.linux["namespaces"].append({"type": "network", "path": "/proc/%d/ns/net" % other})
        self.assertEqual(self.report("namespaces", change=change)["namespaces"]["net"], os.readlink("/proc/%d/ns/net" % other))

    def test_by_a_name_that_outlives_its_processes(self):
        name = self.start_sleeper(user_namespace)
        path = os.path.join(self.directory, "user")
        open(path, "w").close()
        subprocess.run(["mount", "--bind", "/proc/%d/ns/user" % self.pid_of(name), path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        self.end(name)
        text = self.lines("read", "/proc/self/uid_map", change=joined(path))[0]["text"]
        self.assertEqual(text.split(), ["0", str(BASE), str(COUNT)])

    def test_the_maps_that_the_config_names(self):
        path = "/proc/%d/ns/user" % self.donor()
        self.lines("read", "/proc/self/uid_map", change=joined(path, maps=True))

        def change(bundle):
            joined(path, maps=True)(bundle)
            bundle.linux["gidMappings"][0]["size"] = 7
        result = self.run_container("/bin/true", change=change)
        self.assert_one_line(result, "linux.gidMappings are not the maps of the user namespace that is joined")

    def test_our_own_is_nothing_to_join(self):
        uids = self.lines("read", "/proc/self/uid_map", change=joined("/proc/self/ns/user"))[0]["text"]
        with open("/proc/self/uid_map") as file:
            self.assertEqual(uids.split(), file.read().split())

    def test_of_another_kind(self):
        result = self.run_container("/bin/true", change=joined("/proc/self/ns/uts"))
        self.assert_one_line(result, "linux.namespaces[", "is a namespace of another kind (uts)")

    def test_create_start_exec_delete(self):
        """init is a child of whoever called orlop, and nothing of ours is left beside it."""
        path = "/proc/%d/ns/user" % self.donor()
        name = self.start_sleeper(joined(path))
        def parent(pid):
            with open("/proc/%d/stat" % pid) as file:
                return int(file.read().rpartition(")")[2].split()[1])
        self.assertEqual(parent(self.pid_of(name)), parent(self.pid_of(self.start_sleeper())))
        result = self.runtime.ok("exec", name, "/bin/probe", "report", "namespaces")
        self.assertEqual(json.loads(result.stdout)["namespaces"]["user"], os.readlink(path))
        self.end(name)

    def test_a_program_that_is_not_there(self):
        path = "/proc/%d/ns/user" % self.donor()
        result = self.run_container("/bin/nothing", change=joined(path))
        self.assert_one_line(result, "exec", "/bin/nothing", "no such file or directory")

    def test_time_offsets(self):
        need_time_namespaces()
        path = "/proc/%d/ns/user" % self.donor()

        def change(bundle):
            joined(path)(bundle)
            bundle.linux["namespaces"].append({"type": "time"})
            bundle.linux["timeOffsets"] = {"boottime": {"secs": 86400}}
        self.assertIn("86400", self.lines("read", "/proc/self/timens_offsets", change=change)[0]["text"])

    def test_nobody_in_it_looks_into_a_process_that_joins_it(self):
        """The hunter shares user and pid namespace with what is made, and may trace whatever is in them."""
        name = self.start_sleeper(lambda bundle: (user_namespace(bundle), bundle.grant("CAP_SYS_PTRACE")))
        pid = self.pid_of(name)

        def change(bundle):
            joined("/proc/%d/ns/user" % pid)(bundle)
            bundle.drop_namespace("pid")
            bundle.linux["namespaces"].append({"type": "pid", "path": "/proc/%d/ns/pid" % pid})
        bundle = self.bundle("/bin/true", change=change)
        self.assertEqual(self.hunted(name, lambda: [
            self.runtime.ok("run", "--bundle", bundle.path, self.new_id()) for _ in range(25)]), [])


if __name__ == "__main__":
    runner.main()
