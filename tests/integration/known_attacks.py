#!/usr/bin/python3
"""Attacks that other runtimes had to learn of, each by its name; those of links and races are in hostile_root.py and
race.py, those of exec in exec_attack.py, capabilities in process.py and exec.py, unified keys in tests/plan/resources.cpp."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

HUGE = 70000  # more than a 16-bit length can say


class Users(ContainerCase):
    def passwd(self, bundle):
        """An image in which the number is the name of somebody else: root."""
        for name in ("passwd", "group"):
            with open(os.path.join(bundle.rootfs, "etc", name), "w") as file:
                file.write("1000:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "1000:x:0:\n")

    @quick
    def test_a_number_is_no_name(self):
        """CVE-2016-3697, CVE-2026-30892."""
        def change(bundle):
            self.passwd(bundle)
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
        seen = self.run_container("/bin/id", change=change)
        self.assertIn("uid=1000", seen.stdout)
        self.assertIn("gid=1000", seen.stdout)
        name = self.start_sleeper(self.passwd)
        for user, gid in (("1000", 0), ("1000:1000", 1000), ("1", 0)):
            result = self.runtime.ok("exec", "--user", user, name, "/bin/id")
            self.assertIn("uid=%s" % user.partition(":")[0], result.stdout)
            self.assertIn("gid=%d" % gid, result.stdout)


class Lengths(ContainerCase):
    """CVE-2021-43784: a length that wraps around makes data into instructions. Here it is refused, or done as a whole."""

    def attack(self, change):
        inside = self.run_container("/bin/probe", "report", "namespaces", change=change)
        self.assertIn(inside.status, (0, 1), str(inside))
        if inside.status:
            self.assertLess(len(self.assert_one_line(inside)), 300000)
        else:
            for kind in ("mnt", "pid", "net"):
                self.assertNotIn(os.readlink("/proc/self/ns/" + kind), inside.stdout)
        return inside

    def test_long_texts(self):
        def hostname(bundle):
            bundle.config["hostname"] = "h" * HUGE

        def cgroups_path(bundle):
            bundle.linux["cgroupsPath"] = "/" + "c" * HUGE

        def destination(bundle):
            bundle.mount("/" + "d/" * (HUGE // 2), type="tmpfs", source="tmpfs")

        def source(bundle):
            bundle.mount("/tmp", type="bind", source="/" + "s" * HUGE, options=["bind"])

        def option(bundle):
            bundle.mount("/tmp", type="tmpfs", source="tmpfs", options=["size=" + "1" * HUGE])

        def namespace(bundle):
            bundle.linux["namespaces"].append({"type": "time", "path": "/" + "n" * HUGE})

        def directory(bundle):
            bundle.process["cwd"] = "/" + "w" * HUGE

        for change in (hostname, cgroups_path, destination, source, option, namespace, directory):
            with self.subTest(change.__name__):
                self.assertEqual(self.attack(change).status, 1)
                self.assert_nothing_left()

    def test_many_mounts_mappings_and_namespaces(self):
        def mappings(bundle):
            bundle.linux["namespaces"].append({"type": "user"})
            for name in ("uidMappings", "gidMappings"):
                bundle.linux[name] = [{"containerID": i, "hostID": 100000 + i, "size": 1} for i in range(5000)]

        def namespaces(bundle):
            bundle.linux["namespaces"] += [{"type": "network", "path": "/proc/1/ns/net"}] * 5000

        for change in (mappings, namespaces):
            with self.subTest(change.__name__):
                self.assertEqual(self.attack(change).status, 1)

    def test_a_long_environment_is_the_programs(self):
        def environment(bundle):
            bundle.process["env"] = ["LONG=" + "e" * HUGE, "SHORT=1"]
        result = self.run_container("/bin/sh", "-c", "echo ${#LONG} $SHORT", change=environment)
        self.assertEqual(result.stdout, "%d 1\n" % HUGE, str(result))


class Places(ContainerCase):
    def test_files_of_other_runtimes_are_not_written(self):
        """CVE-2025-24965: through a link in the image, a configuration was written to the host."""
        target = os.path.join(self.directory, "target")
        with open(target, "w") as file:
            file.write("canary")

        def change(bundle):
            bundle.config["root"]["readonly"] = False
            bundle.config["annotations"] = {"run.oci.handler": "krun"}
            for name in (".krun_config.json", "etc/resolv.conf", "etc/hostname", "run"):
                os.symlink(target, os.path.join(bundle.rootfs, name))
        result = self.run_container("/bin/true", change=change)
        self.assertIn(result.status, (0, 1), str(result))
        with open(target) as file:
            self.assertEqual(file.read(), "canary")

    def test_a_cgroups_path_stays_below_the_hierarchies(self):
        """crun 1.28, runc 1.5.2: a name that leads up, or to a neighbour with the same beginning."""
        for text in ("../../../etc/%s", "/../../%s", "/a/../../../%s", "/%s/./../.."):
            name = self.new_id()
            path = text % name
            def change(bundle):
                bundle.linux["cgroupsPath"] = path
            with self.subTest(path):
                result = self.run_container("/bin/cat", "/proc/self/cgroup", change=change)
                self.assertIn(result.status, (0, 1), str(result))
                self.assertFalse(os.path.exists("/etc/" + name))
                self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
