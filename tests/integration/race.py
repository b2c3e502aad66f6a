#!/usr/bin/python3
"""The race harness: whoever shares a directory with a container that is being made can exchange it for a link at any moment.

orlop runs under tests/tracer, with every process that it makes. Right before one system call a directory of the root is
exchanged for a link out of it, to a canary; and the same for each call whose path leads over that directory, one run for
each. Exchanged it stays, or only for the one call. Afterwards the canary, the host's mounts and its core_pattern are
what they were, no process of orlop has had anything of the canary open or mounted on, and the run has succeeded inside
its root or failed with one line.

ORLOP_RACE_SWEEP=1: before every single call, and on every view. ORLOP_RACE_SWEEP=N: before every Nth of them."""

import errno
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import openat2, runner, settings, tracer  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

SWEEP = int(os.environ.get("ORLOP_RACE_SWEEP", "0"))
BUILD = os.path.dirname(settings.ORLOP)
HOLE = os.environ.get("HOLE") or os.path.join(BUILD, "tests", "tracer", "orlop_with_a_hole")
FILES = ("ptmx", "core", "fd", "stdin", "stdout", "stderr", "console", "null", "zero", "full", "random", "urandom", "tty",
         "file", "hosts", "passwd", "group", "probe", "true", "busybox", "self/attr/exec", "self/fd/0", "self/status",
         "sys/kernel/core_pattern", "keys", "timer_list", "pts/ptmx", "pts/0", "a/file", "in/file")
DIRECTORIES = ("shm", "mqueue", "fs/cgroup", "firmware", "acpi", "bus", "irq", "b", "deep/b", "made/more")


def fill(directory):
    """The names that a runtime looks for, so that a way out leads on."""
    for name in DIRECTORIES + tuple(os.path.dirname(name) for name in FILES):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    for name in FILES:
        with open(os.path.join(directory, name), "w") as file:
            file.write("canary")


def tree_of(top):
    seen = {}
    for directory, _, files in os.walk(top):
        for name in files + [""]:
            info = os.lstat(os.path.join(directory, name))
            seen[directory, name] = (info.st_mode, info.st_uid, info.st_ino, info.st_size, info.st_mtime_ns)
    return seen


def names_in(top):
    return {os.path.join(directory, name) for directory, names, files in os.walk(top) for name in names + files}


def read(path):
    with open(path) as file:
        return file.read()


def leads_over(call, point):
    return os.path.basename(point) in call.path.split("/")


class Race(ContainerCase):
    seconds = 7200 if SWEEP else 280
    executable = settings.ORLOP
    before = None  # what the tracer's process does first

    def setUp(self):
        super().setUp()
        tracer.need()
        if os.environ.get("ORLOP_TEST_VIEW", "v2") != "v2" and not SWEEP:
            skip("the same on every view: done on that of version 2")
        self.runtime.executable = self.executable
        self.canary = os.path.join(self.directory, "canary")
        fill(self.canary)
        self.source = os.path.join(self.directory, "source")
        os.makedirs(self.source + "/in")
        open(self.source + "/file", "w").close()
        self.runs = self.missed = self.failures = 0
        self.tops, self.kept = [], {}
        self.was = self.look()

    def look(self):
        return tree_of(self.canary), read("/proc/self/mountinfo"), read("/proc/sys/kernel/core_pattern")

    # What a container can look like.

    def plain(self, bundle):
        """Every kind of thing that is made in a root. The link's text leads to something inside of it, too."""
        bundle.config["root"]["readonly"] = False
        root = bundle.rootfs
        self.tops.append(root)
        for name in ("v/deep", "secret/directory", "work", "keep"):
            os.makedirs(os.path.join(root, name))
        open(root + "/secret/file", "w").close()
        fill(root + self.canary)
        bundle.mount("/v/deep/b", type="bind", source=self.source, options=["rbind", "ro"])
        bundle.mount("/v/deep/made", type="tmpfs", source="tmpfs", options=["size=64k"])
        bundle.mount("/v/deep/made/more", type="tmpfs", source="tmpfs")
        bundle.mount("/etc/hosts", type="bind", source=self.source + "/file", options=["bind"])
        bundle.mount("/keep", type="tmpfs", source="tmpfs", options=["tmpcopyup"])
        bundle.linux["maskedPaths"] += ["/secret/file", "/secret/directory"]
        bundle.linux["readonlyPaths"] += ["/work"]
        bundle.linux["devices"] = [{"path": "/v/deep/null", "type": "c", "major": 1, "minor": 3}]
        bundle.process["cwd"] = "/work"

    def terminal(self, bundle):
        self.plain(bundle)
        bundle.process["terminal"] = True

    def user(self, bundle):
        self.plain(bundle)
        bundle.linux["devices"] = []  # the host would have to have one at that place
        bundle.user_namespace()

    def volume(self, bundle):
        """All of /dev, and a directory with mounts below, belong to another container as well."""
        self.plain(bundle)
        self.shared = os.path.join(self.directory, "shared%d" % self.runs)
        self.tops.append(self.shared)
        fill(self.shared + "/dev")
        os.remove(self.shared + "/dev/null")
        os.mknod(self.shared + "/dev/null", 0o20666, os.makedev(1, 3))
        for directory in (self.shared + "/vol/deep", bundle.rootfs + "/vol"):
            os.makedirs(directory)
        for entry in bundle.config["mounts"]:
            if entry["destination"] == "/dev":
                entry.update(type="bind", source=self.shared + "/dev", options=["rbind"])
        bundle.mount("/vol", type="bind", source=self.shared + "/vol", options=["bind"])
        bundle.mount("/vol/deep/made", type="tmpfs", source="tmpfs")
        bundle.mount("/vol/deep/b", type="bind", source=self.source, options=["bind"])
        bundle.process["terminal"] = True

    # One run, and what must hold behind it.

    def traced(self, words, *options):
        log = os.path.join(self.directory, "trace")
        return tracer.run(log, self.runtime.argv(*words()), "--canary", self.canary, *options, before=self.before)

    def listing(self, words):
        """Undisturbed it succeeds, and reaches nothing of the canary."""
        result, lines = self.traced(words, "--list")
        self.assertEqual(result.status, 0, str(result))
        self.after()
        self.assertEqual(tracer.violations(lines), [])
        return [call for call in tracer.calls(lines) if call.process > 0]

    def exchange(self, words, point, call, back):
        self.runs += 1
        options = ["--at", call.at, "--swap", point, point + ".link"]
        result, lines = self.traced(words, *options, *(["--back"] if back else []))
        self.missed += not tracer.was_disturbed(lines, call)
        what = "%s before call %s%s\n%s" % (point, call, " and back" * back, result)
        problems = tracer.violations(lines)
        if result.status not in (0, 1, 255):
            problems.append("status %s" % result.status)
        if result.status and not re.fullmatch(r"orlop: [^\n]+\n(hint: [^\n]+\n)?", result.stderr):
            problems.append("not one line")
        now = self.look()
        if now != self.was:
            problems.append("the host is not what it was")
            self.was = now
        self.after()
        if problems:
            self.failures += 1
            self.fail("\n".join(problems + [what]))

    def after(self):
        for name in self.runtime.entries():
            self.runtime.ok("delete", "--force", name)
        self.restore()

    def restore(self):
        """What was made in the root is taken away, so that every run makes the same calls."""
        for top, names in self.kept.items():
            for path in sorted(names_in(top) - names, key=len, reverse=True):
                os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)

    def links(self, points):
        for point in points:
            if not os.path.lexists(point + ".link"):
                os.symlink(self.canary if os.path.isdir(point) else self.canary + "/file", point + ".link")
        self.kept = {top: names_in(top) for top in self.tops}

    def race(self, words, points):
        """`words`: makes those of one call."""
        self.links(points)
        calls = self.listing(words)
        begin = time.monotonic()
        for number, point in enumerate(points):
            for call in self.chosen(calls, point, number):
                for back in (False, True):
                    with self.subTest(point=point, call=call.number, back=back):
                        self.exchange(words, point, call, back)
                    if self.failures >= 5:
                        return
        if self.runs:
            print("   %d runs, %.0f ms each" % (self.runs, 1000 * (time.monotonic() - begin) / self.runs))
        self.assertGreater(self.runs, 0)
        self.assertLess(self.missed, 2 + self.runs // 4, "the call that was to be disturbed did not come")

    def chosen(self, calls, point, number):
        """Of a sample, the next point has the calls in between."""
        return calls[number % SWEEP::SWEEP] if SWEEP else [call for call in calls if leads_over(call, point)]

    def points(self, root, *names):
        return [os.path.join(root, name) for name in names]

    def made(self, change, *names):
        bundle = self.bundle("/bin/true", change=change)
        return bundle, self.points(bundle.rootfs, *names)


PLACES = ("proc", "dev", "sys", "etc", "v", "v/deep", "secret", "secret/directory", "work", "keep")


class Making(Race):
    def running(self, bundle):
        return lambda: ("run", "--bundle", bundle.path, self.new_id())

    def test_run(self):
        bundle, points = self.made(self.plain, *PLACES)
        self.race(self.running(bundle), points)

    def test_create(self):
        bundle, points = self.made(self.plain, "proc", "v", "secret", "bin")
        self.race(lambda: ("create", "--bundle", bundle.path, self.new_id()), points)

    def test_run_with_a_terminal(self):
        bundle, points = self.made(self.terminal, "dev", "proc", "work")
        self.race(self.running(bundle), points)

    def test_run_in_a_user_namespace(self):
        bundle, points = self.made(self.user, *PLACES)
        self.race(self.running(bundle), points)

    def test_run_with_a_shared_volume(self):
        bundle, points = self.made(self.volume, "dev", "vol")
        shared = self.points(self.shared, "dev/pts", "dev/shm", "dev/mqueue", "dev/console", "dev/ptmx", "dev/fd", "vol/deep")
        self.race(self.running(bundle), points + shared)


class WithoutOpenat2(Making):
    """Where orlop walks each path by itself, name by name, there are more moments."""

    before = staticmethod(openat2.blocker(errno.ENOSYS))
    test_create = test_run_with_a_terminal = None


class Entering(Race):
    def container(self, change):
        self.keep = name = self.start_sleeper(change)
        # As its own root sees itself: what is mounted there can be exchanged, too.
        return name, "/proc/%d/root" % self.pid_of(name)

    def after(self):
        self.restore()

    def test_exec(self):
        name, root = self.container(self.plain)
        self.race(lambda: ("exec", "--cwd", "/work", name, "true"), self.points(root, "proc", "etc", "work", "bin", "dev"))

    def test_exec_with_a_terminal(self):
        name, root = self.container(self.plain)
        self.race(lambda: ("exec", "--tty", name, "/bin/true"),
                  self.points(root, "dev", "dev/pts", "proc", "etc", "bin"))

    def test_exec_in_a_user_namespace(self):
        name, root = self.container(self.user)
        self.race(lambda: ("exec", "--tty", "--cwd", "/work", name, "/bin/true"), self.points(root, "dev", "etc", "work", "proc"))


class Mounting(Entering):
    """mounts add; what has been added is taken off again behind each run."""

    def places(self):
        return [line.split()[4] for line in read("/proc/%d/mountinfo" % self.pid).splitlines()]

    def after(self):
        for place in sorted(set(self.places()) - set(self.places_before), key=len, reverse=True):
            self.runtime.call("mounts", "remove", self.keep, "-", data=json.dumps([{"destination": place}]).encode())
        self.assertEqual(self.places(), self.places_before)
        self.restore()

    def add(self, change):
        name, root = self.container(change)
        self.pid = self.pid_of(name)
        self.places_before = self.places()
        path = os.path.join(self.directory, "mounts.json")
        with open(path, "w") as file:
            json.dump([
                dict(destination="/secret/new/b", type="bind", source=self.source, options=["rbind"]),
                dict(destination="/secret/hosts", type="bind", source=self.source + "/file", options=["bind"]),
                dict(destination="/secret/t", type="tmpfs", source="tmpfs"),
                dict(destination="/secret/p", type="proc", source="proc"),
                dict(destination="/etc", type="tmpfs", source="tmpfs", options=["tmpcopyup"]),
            ], file)
        self.race(lambda: ("mounts", "add", name, path), self.points(root, "secret", "etc"))

    test_exec = test_exec_with_a_terminal = test_exec_in_a_user_namespace = None

    def test_add(self):
        self.add(self.plain)

    def test_add_in_a_user_namespace(self):
        self.add(self.user)


class EnteringWithoutOpenat2(Entering):
    before = staticmethod(openat2.blocker(errno.ENOSYS))
    test_exec_with_a_terminal = None


class Hole(Race):
    """A copy of orlop that resolves one mount target by its name again: if the harness does not find that, it finds nothing."""

    executable = HOLE

    @quick
    def test_a_planted_hole_is_found(self):
        if not os.access(HOLE, os.X_OK):
            skip("%s is not there" % HOLE)
        bundle, points = self.made(self.plain, "v/deep")
        self.links(points)
        words = lambda: ("run", "--bundle", bundle.path, self.new_id())  # noqa: E731
        calls = [call for call in self.listing(words) if leads_over(call, points[0])]
        # Behind the second look at the last of the mounts the place is found, for good or ill: no exchange can matter.
        last = max(i for i, call in enumerate(calls) if call.path == os.path.join(bundle.rootfs, "v/deep/made/more"))
        calls, found = calls[:last + 1], []
        for call in calls:
            try:
                self.exchange(words, points[0], call, False)
            except AssertionError as error:
                found.append(str(error))
        self.assertGreater(len(calls), 8)
        self.assertEqual(len(found), len(calls), "the hole is there at each of these moments")
        for text in found:
            self.assertIn("violation", text)


if __name__ == "__main__":
    runner.main()
