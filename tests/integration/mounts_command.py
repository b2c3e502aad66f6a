#!/usr/bin/python3
"""mounts add and remove: in a container that is there, all or nothing, and nowhere but in it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, openat2, runner  # noqa: E402
from harness.bundle import USER_BASE  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402
from harness.snapshot import HostSnapshot  # noqa: E402


def writable(bundle):
    bundle.config["root"]["readonly"] = False


def hostile(bundle):
    """The container's root may do what root of a container can be given: mount, too."""
    writable(bundle)
    bundle.grant("CAP_SYS_ADMIN")


def user_namespace(bundle):
    writable(bundle)
    bundle.user_namespace()


class Mounts(ContainerCase):
    def source(self, name="source", text="cargo"):
        path = os.path.join(self.directory, name)
        os.mkdir(path)
        with open(os.path.join(path, "file"), "w") as file:
            file.write(text)
        return path

    def call(self, verb, name, *entries, data=None, **how):
        path = os.path.join(self.directory, "mounts.json")
        with open(path, "w") as file:
            file.write(json.dumps(list(entries)) if data is None else data)
        return self.runtime.call("mounts", verb, name, path, **how)

    def add(self, name, *entries):
        result = self.call("add", name, *entries)
        self.assertEqual((result.status, result.stdout, result.stderr), (0, "", ""), str(result))

    def remove(self, name, *destinations):
        result = self.call("remove", name, *[{"destination": each} for each in destinations])
        self.assertEqual((result.status, result.stdout, result.stderr), (0, "", ""), str(result))

    def refused(self, verb, name, *entries, parts=(), data=None):
        before = self.mountinfo(name)
        result = self.call(verb, name, *entries, data=data)
        self.assertEqual(result.status, 1, str(result))
        self.assert_one_line(result, *parts)
        self.assertEqual(self.mountinfo(name), before)
        return result

    def mountinfo(self, name):
        """What is mounted in the container: place, options, fields, type."""
        pid = self.pid_of(name)
        if not pid:
            return []
        with open("/proc/%d/mountinfo" % pid) as file:
            return [line.split(" ", 4)[4].rstrip("\n") for line in file]

    def places(self, name):
        return [line.split()[0] for line in self.mountinfo(name)]

    def inside(self, name, *words):
        result = self.runtime.call("exec", name, *words)
        return result.stdout if result.status == 0 else "status %s: %s" % (result.status, result.stderr)

    def bind(self, destination, source=None, **members):
        return dict(destination=destination, type="bind", source=source or self.source(), options=["bind"], **members)


class Add(Mounts):
    @quick
    def test_a_bind_comes_and_goes(self):
        name = self.start_sleeper(writable)
        before = self.mountinfo(name)
        self.add(name, self.bind("/data/deep"))
        self.assertEqual(self.inside(name, "/bin/cat", "/data/deep/file"), "cargo")
        self.remove(name, "/data/deep")
        self.assertEqual(self.mountinfo(name), before)
        self.assertEqual(self.inside(name, "/bin/ls", "/data/deep"), "")

    def test_of_every_kind(self):
        name = self.start_sleeper(writable)
        source = self.source()
        self.add(name,
                 dict(destination="/t", type="tmpfs", source="tmpfs", options=["size=64k", "nosuid", "mode=700"]),
                 dict(destination="/t/in", type="bind", source=source, options=["rbind", "ro", "nodev"]),
                 dict(destination="/t/one", type="bind", source=source + "/file", options=["bind"]),
                 dict(destination="/p", type="proc", source="proc"),
                 dict(destination="/etc", type="tmpfs", source="tmpfs", options=["tmpcopyup"]),
                 dict(destination="/q", type="mqueue", source="mqueue"))
        self.assertEqual(self.inside(name, "/bin/cat", "/t/in/file", "/t/one"), "cargocargo")
        self.assertIn("sailor", self.inside(name, "/bin/cat", "/etc/passwd"))
        self.assertIn("probe", self.inside(name, "/bin/cat", "/p/1/cmdline"))
        rows = {line.split()[0]: line for line in self.mountinfo(name)}
        self.assertIn("size=64k", rows["/t"])
        self.assertTrue(rows["/t/in"].split()[1].startswith("ro,nodev"), rows["/t/in"])
        self.remove(name, "/t/one", "/t", "/p", "/etc", "/q")
        self.assertFalse({"/t", "/t/in", "/t/one", "/p", "/etc", "/q"} & set(self.places(name)))

    def test_from_standard_input(self):
        name = self.start_sleeper(writable)
        text = json.dumps([self.bind("/data")]).encode()
        self.runtime.ok("mounts", "add", name, "-", data=text)
        self.assertIn("/data", self.places(name))
        self.runtime.ok("mounts", "remove", name, "-", data=text)
        self.assertNotIn("/data", self.places(name))

    def test_a_read_only_root_has_a_place_already(self):
        """Nothing can be made there; what is there will do."""
        name = self.start_sleeper()
        self.add(name, self.bind("/var"))
        self.assertEqual(self.inside(name, "/bin/cat", "/var/file"), "cargo")
        self.refused("add", name, dict(self.bind("/var2", "/")), parts=("mounts[0] /var2", os.strerror(30)))

    def test_created_and_paused_and_stopped(self):
        name, _ = self.create("/bin/probe", "sleep", change=writable)
        source = self.source()
        self.add(name, self.bind("/early", source))
        self.runtime.ok("start", name)
        self.assertEqual(self.inside(name, "/bin/cat", "/early/file"), "cargo")
        if self.runtime.call("pause", name).status == 0:
            self.add(name, self.bind("/late", source))
            self.assertIn("/late", self.places(name))
            self.runtime.ok("resume", name)
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        for verb in ("add", "remove"):
            self.assert_one_line(self.call(verb, name, self.bind("/x", source)), "not running: stopped")
            self.assert_one_line(self.call(verb, "nobody", self.bind("/x", source)), "container does not exist")

    def test_ids_are_mapped(self):
        name = self.start_sleeper(writable)
        source = self.source()
        os.chown(source + "/file", 5, 6)
        entry = self.bind("/data", source, uidMappings=[{"containerID": 5, "hostID": 50, "size": 1}],
                          gidMappings=[{"containerID": 6, "hostID": 60, "size": 1}])
        result = self.call("add", name, entry)
        if "mount_setattr" in result.stderr:
            skip("this file system maps no ids")
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("50 ", self.inside(name, "/bin/ls", "-ln", "/data/file").replace("  ", " "))

    def test_propagation(self):
        name = self.start_sleeper(writable)
        self.add(name, dict(self.bind("/private"), options=["bind", "private"]),
                 dict(destination="/shared", type="tmpfs", source="tmpfs", options=["shared"]))
        rows = {line.split()[0]: line for line in self.mountinfo(name)}
        self.assertIn("shared:", rows["/shared"])
        self.assertNotIn("shared:", rows["/private"])
        self.assertNotIn("master:", rows["/private"])

    def test_long_options_and_iversion(self):
        """What only mount(2) takes, which has to have a place to mount on."""
        name = self.start_sleeper(writable)
        layers = [self.source("layer%d" % i, str(i)) for i in range(9)]
        self.add(name, dict(destination="/o", type="overlay", source="overlay",
                            options=["lowerdir=" + ":".join(layers)]))
        self.assertEqual(self.inside(name, "/bin/cat", "/o/file"), "0")
        self.assertEqual(self.host.content["mounts"], HostSnapshot().content["mounts"])


class AllOrNothing(Mounts):
    def test_the_second_fails(self):
        name = self.start_sleeper(writable)
        good = self.bind("/good")
        for bad, part in ((self.bind("/bad", "/nowhere/at/all"), "no such file"),
                          (dict(destination="/bad", type="tmpfs", options=["size=wrong"]), "size"),
                          (dict(destination="/bad", type="nofs"), "fsopen"),
                          (self.bind("/bin/true/x", good["source"]), "mounts[1] /bin/true/x"),
                          (dict(self.bind("/bad", good["source"]), options=["bind", "rshared", "tmpcopyup"]), "mounts[1].options")):
            with self.subTest(bad=bad):
                self.refused("add", name, good, bad, parts=("mounts[1]", part))

    def test_a_file_is_taken_off_again(self):
        name = self.start_sleeper(writable)
        source = self.source()
        self.refused("add", name, self.bind("/one", source + "/file"), self.bind("/two", source),
                     self.bind("/bin/true", source), parts=("mounts[2] /bin/true",))

    def test_what_cannot_be_added(self):
        name = self.start_sleeper(writable)
        source = self.source()
        for entry, part in (
                (dict(destination="/proc", options=["bind", "remount", "ro"], source="proc"), "remount"),
                (dict(destination="/c", type="cgroup", source="cgroup"), "cgroup"),
                (dict(self.bind("/l", source), options=["bind", "copy-symlink"]), "copy-symlink"),
                (dict(self.bind("/", source)), "root itself"),
                (dict(self.bind("", source)), "destination")):
            with self.subTest(entry=entry):
                self.refused("add", name, entry, parts=("mounts[0]", part))

    def test_bad_files(self):
        name = self.start_sleeper(writable)
        for text, part in (("", "mounts.json"), ("{}", "array"), ("[", "mounts.json"), ("[1]", "object"),
                           ('[{"source":"/"}]', "destination")):
            with self.subTest(text=text):
                self.refused("add", name, data=text, parts=(part,))
        result = self.runtime.call("mounts", "add", name, "/nowhere")
        self.assert_one_line(result, "/nowhere", "no such file")
        self.assert_one_line(self.runtime.call("mounts", "change", name, "/nowhere"), "neither add nor remove")

    def test_remove_needs_every_one(self):
        name = self.start_sleeper(writable)
        self.add(name, self.bind("/data"))
        for destination in ("/bin", "/nowhere", "/data/file", "/"):
            with self.subTest(destination=destination):
                self.refused("remove", name, {"destination": "/data"}, {"destination": destination},
                             parts=("mounts[1] " + destination,))
        self.refused("remove", name, {"destination": "/data"}, {"destination": "/data/"}, parts=("twice",))
        self.remove(name, "/data")


class Attack(Mounts):
    """The container moves things under the runtime's hands, before and between the two calls."""
    before = None

    def setUp(self):
        super().setUp()
        self.canary = self.source("canary", "canary")
        os.mkdir(self.canary + "/directory")

    def look(self):
        with open("/proc/self/mountinfo") as file:
            mounts = file.read()
        return mounts, sorted((path, tuple(names)) for path, names, _ in os.walk(self.canary)), os.stat(self.canary).st_mtime_ns

    def rooted(self, change=hostile):
        name, bundle = self.start_with_bundle(change)
        return name, bundle.rootfs

    def test_the_destination_is_a_link_out(self):
        was = self.look()
        source = self.source()
        for change in (hostile, user_namespace):
            name, rootfs = self.rooted(change)
            for target in (self.canary, "../../../../.." + self.canary, "/proc/1/root" + self.canary, "/proc/self/root"):
                link = os.path.join(rootfs, "m")
                os.symlink(target, link)
                for destination in ("/m", "/m/directory", "/m/new/deep"):
                    with self.subTest(change=change.__name__, target=target, destination=destination):
                        result = self.call("add", name, self.bind(destination, source), before=self.before)
                        self.assertIn(result.status, (0, 1))
                        self.assertEqual(self.look(), was, str(result))
                os.unlink(link)

    def test_remove_follows_no_link(self):
        """Else a link of the container's would have a mask of its own taken off."""
        name, rootfs = self.rooted()
        self.assertIn("/proc/timer_list", self.places(name))
        self.add(name, self.bind("/data/timer_list", self.source()))
        os.rename(rootfs + "/data", rootfs + "/data2")
        os.symlink("/proc", rootfs + "/data")
        result = self.refused("remove", name, {"destination": "/data/timer_list"}, parts=("mounts[0] /data/timer_list", os.strerror(40)))
        self.assertIn("hint: a symbolic link", result.stderr)

    def test_a_user_namespace_gets_what_is_locked(self):
        """Its root may neither make it writable nor uncover what is mounted on it, as at create: design of the paths."""
        outer = self.source("outer")
        os.mkdir(outer + "/hidden")
        kernel.mount("tmpfs", outer, "tmpfs", 0)
        self.addCleanup(kernel.unmount, outer)
        os.mkdir(outer + "/hidden")
        with open(outer + "/hidden/secret", "w") as file:
            file.write("secret")
        kernel.mount("tmpfs", outer + "/hidden", "tmpfs", 0)
        kernel.mount(None, outer, None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)
        name, _ = self.rooted(lambda bundle: (user_namespace(bundle), bundle.grant("CAP_SYS_ADMIN")))
        self.add(name, dict(self.bind("/data", outer), options=["rbind"]))
        self.assertIn("/data/hidden", self.places(name))
        for words in (("/bin/mount", "-o", "remount,bind,rw", "/data"), ("/bin/busybox", "umount", "/data/hidden"),
                      ("/bin/busybox", "umount", "-l", "/data/hidden")):
            with self.subTest(words):
                self.assertIn("status", self.inside(name, *words))
        self.assertEqual(self.inside(name, "/bin/ls", "/data/hidden"), "")
        # As a whole it may go; and nothing of what happens there comes out.
        rows = {line.split()[0]: line for line in self.mountinfo(name)}
        self.assertNotIn("shared:", rows["/data"])
        self.remove(name, "/data")

    def test_files_belong_to_the_containers_root(self):
        name, rootfs = self.rooted(user_namespace)
        self.add(name, self.bind("/new/place", self.source()))
        self.assertEqual(os.stat(rootfs + "/new").st_uid, USER_BASE)

    def test_a_source_that_the_containers_root_cannot_reach(self):
        closed = self.source("closed")
        os.mkdir(closed + "/inner")
        os.chmod(closed, 0o700)
        name, _ = self.rooted(user_namespace)
        self.add(name, self.bind("/data", closed + "/inner"))
        self.assertIn("/data", self.places(name))

    def test_nothing_of_ours_stays_behind(self):
        name, _ = self.rooted()
        self.add(name, self.bind("/data", self.source()))
        self.assertEqual(self.inside(name, "/bin/ls", "/proc/1/fd"), "0\n1\n2\n")
        pids = self.runtime.ok("ps", "--format", "json", name).stdout
        self.assertEqual(len(json.loads(pids)), 1)


class AttackOnTheWalk(Attack):
    before = staticmethod(openat2.blocker(38))


if __name__ == "__main__":
    runner.main()
