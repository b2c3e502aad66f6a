"""The base of the test classes: a private state root, bundles, ids, and a look at the host after every test."""

import atexit
import itertools
import json
import os
import shutil
import tempfile
import unittest

from . import cgroup, program, settings
from .attacker import Attacker
from .bundle import Bundle
from .runtime import Runtime
from .snapshot import HostSnapshot

_numbers = itertools.count(1)
_directory = []


def skip(reason):
    raise unittest.SkipTest(reason)


HAS_TIME_NAMESPACES = os.path.exists("/proc/self/ns/time")


def need_time_namespaces():
    if not HAS_TIME_NAMESPACES:
        skip("this kernel has no time namespaces")


def need_mapped_ids():
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 3):
        skip("tmpfs takes no mapped ids on this kernel")


def quick(thing):
    """Marks a test or a class for the quick run."""
    thing.quick = True
    return thing


def program_directory():
    """The temporary directory of this test program; removed when it ends."""
    if not _directory:
        path = tempfile.mkdtemp(prefix="orlop-")
        os.chmod(path, 0o755)
        owner = os.getpid()
        atexit.register(lambda: os.getpid() == owner and shutil.rmtree(path, ignore_errors=True))
        _directory.append(path)
    return _directory[0]


class ContainerCase(unittest.TestCase):
    """After each test its containers are deleted by force; what is on the host then must be what was there before."""

    maxDiff = None

    def setUp(self):
        number = next(_numbers)
        self.directory = os.path.join(program_directory(), "t%d" % number)
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o755)
        self.runtime = Runtime(os.path.join(self.directory, "root"))
        self.host = HostSnapshot([self.runtime.root])
        self.creations = {}
        # Cleanups run last in, first out: everything that a test registers is undone before this.
        self.addCleanup(self._leave)

    def _leave(self):
        for name in self.runtime.entries():
            self.runtime.call("delete", "--force", name)
        try:
            self.host.assert_same()
        except AssertionError:
            self.host.sweep()
            raise
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def need_support(self, change):
        """Skips while orlop refuses a member of the configuration as one of a later version."""
        result = self.run_container("/bin/true", change=change)
        if "is not supported by this version" in result.stderr:
            skip(result.stderr.strip().rpartition("config.json:")[2])

    def assert_nothing_left(self):
        """For calls that failed or deleted: nothing may be there even before the clean-up after the test."""
        self.host.assert_same()

    def new_id(self):
        return "%sx%d" % (settings.TAG, next(_numbers))

    def bundle(self, *args, change=None, write=True):
        """A bundle whose process has these arguments, changed by a function that takes the bundle."""
        bundle = Bundle(program_directory(), os.path.join(self.directory, "b%d" % next(_numbers)))
        if args:
            bundle.process["args"] = list(args)
        if change:
            change(bundle)
        return bundle.write() if write else bundle

    def run_container(self, *args, change=None, options=(), words=(), **how):
        """run in the foreground; the result of the call."""
        bundle = self.bundle(*args, change=change)
        return self.runtime.call("run", "--bundle", bundle.path, *words, self.new_id(), options=options, **how)

    def lines(self, *args, **how):
        """The JSON values that the probe printed inside a container, one a line."""
        result = self.run_container("/bin/probe", *args, **how)
        self.assertEqual(result.status, 0, str(result))
        return [json.loads(line) for line in result.stdout.splitlines()]

    def report(self, *sections, **how):
        return self.lines("report", *sections, **how)[0]

    def create(self, *args, change=None, words=(), **how):
        """A created container: its id and its bundle."""
        bundle = self.bundle(*args, change=change)
        name = self.new_id()
        self.creations[name] = self.runtime.ok("create", "--bundle", bundle.path, *words, name, **how)
        return name, bundle

    def output_of(self, name):
        """What a created container has written so far: it has the standard streams of "create"."""
        return self.creations[name].stdout

    def wait_for_output(self, name, text):
        program.until(lambda: text in self.output_of(name), "%s writes %r" % (name, text))

    def start_sleeper(self, change=None, args=("/bin/probe", "sleep")):
        """A running container that does nothing."""
        return self.start_with_bundle(change, args)[0]

    def start_with_bundle(self, change=None, args=("/bin/probe", "sleep")):
        """The same, and its bundle."""
        name, bundle = self.create(*args, change=change)
        self.runtime.ok("start", name)
        return name, bundle

    def start_in_foreign_cgroup(self):
        """A sleeper in a cgroup that was there before it, and so is not its own."""
        path = "/" + self.new_id()
        for key in cgroup.hierarchies():
            os.mkdir(cgroup.path_of(key, path))
            self.addCleanup(os.rmdir, cgroup.path_of(key, path))
        return self.start_sleeper(change=lambda bundle: bundle.linux.update(cgroupsPath=path))

    def hunted(self, name, visit):
        """What an attacker in that container could reach in the processes of orlop that `visit` brings there."""
        hunter = Attacker(self, name, "hunt", "6", os.path.basename(settings.ORLOP))
        visit()
        found = hunter.found()
        self.assertGreater(found["met"], 0, "the attacker saw no process at all")
        return found["reached"]

    def pid_of(self, name):
        return self.runtime.state(name)["pid"]

    def end(self, name):
        """Kills, waits, deletes: as an engine does."""
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)

    def wait_dead(self, pid):
        program.until(lambda: not program.alive(pid), "process %d is gone" % pid)

    def assert_one_line(self, result, *parts):
        """One line on stderr, one more that begins "hint:" allowed; it contains the parts."""
        lines = result.stderr.splitlines()
        self.assertTrue(lines, "nothing on stderr: %s" % result)
        self.assertTrue(all(line.startswith("hint:") for line in lines[1:]) and len(lines) <= 2, str(result))
        for part in parts:
            self.assertIn(part.lower(), lines[0].lower())
        return lines[0]
