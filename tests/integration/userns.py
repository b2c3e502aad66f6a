#!/usr/bin/python3
"""New user namespaces: ids, owners, and what such a container may not make itself."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

BASE = 300000
COUNT = 65536


def user_namespace(bundle, uids=((0, BASE, COUNT),), gids=((0, BASE, COUNT),)):
    def entries(ranges):
        return [{"containerID": inside, "hostID": outside, "size": size} for inside, outside, size in ranges]
    bundle.linux["namespaces"].append({"type": "user"})
    bundle.linux["uidMappings"] = entries(uids)
    bundle.linux["gidMappings"] = entries(gids)
    for path, directories, files in os.walk(bundle.rootfs):
        for name in ["."] + directories:
            os.lchown(os.path.join(path, name), uids[0][1], gids[0][1])


class User(ContainerCase):
    @quick
    def test_the_maps_are_the_configs(self):
        uids, gids, ids = self.lines("read", "/proc/self/uid_map", "+", "read", "/proc/self/gid_map", "+",
                                     "read", "/proc/self/status", change=user_namespace)
        self.assertEqual(uids["text"].split(), ["0", str(BASE), str(COUNT)])
        self.assertEqual(gids["text"].split(), ["0", str(BASE), str(COUNT)])
        self.assertIn("Uid:\t0\t0\t0\t0", ids["text"])
        self.assertIn("Groups:\t \n", ids["text"])

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

    def test_time_offsets(self):
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


if __name__ == "__main__":
    runner.main()
