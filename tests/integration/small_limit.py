#!/usr/bin/python3
"""The runtime does not eat the container's memory: the smallest memory.limit with which `run` starts busybox `true`, beside
that of crun and runc; and one that is too small is called by its name."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, skip  # noqa: E402

KIB = 1024
# The kernel charges memory in portions, a processor's at a time, so that what is enough differs by some pages from run to
# run: what counts is how many of the runs succeed.
# A guest has one processor, and a run is slow there: one is enough, and no limit that only runc needs. (User Mode Linux may
# panic where execve finds no memory: the fewer fail, the better.)
IN_GUEST = settings.PATIENCE > 1
STEP = 32 * KIB
MOST = (1 if IN_GUEST else 16) * KIB * KIB
PEERS = ("crun", "runc")
ATTEMPTS = 1 if IN_GUEST else 8
CHANCE = 0 if IN_GUEST else 1


def has_memory():
    for key, target in cgroup.hierarchies().items():
        if "memory" in key.split(","):
            return True
        if not key:
            with open(os.path.join(target, "cgroup.controllers")) as file:
                return "memory" in file.read().split()
    return False


def find_peer(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


class SmallLimit(ContainerCase):
    seconds = 240

    def setUp(self):
        super().setUp()
        if not has_memory():
            skip("no limits of memory here")
        # An older peer knows no later version.
        self.limited = self.bundle("/bin/true", change=lambda bundle: bundle.config.update(ociVersion="1.0.2"))

    def run_with(self, executable, limit):
        self.limited.linux["resources"] = {"memory": {"limit": limit, "swap": limit}}
        self.limited.write()
        name = self.new_id()
        root = os.path.join(self.directory, "root")
        result = program.run([executable, "--root", root, "run", "--bundle", self.limited.path, name])
        if result.status != 0 and executable != settings.ORLOP:
            program.run([executable, "--root", root, "delete", "--force", name])
        return result

    def rates(self, limit, *executables):
        """How many of the runs of each succeed; in turns, so that what else the machine does hits all of them."""
        statuses = [[self.run_with(executable, limit).status for executable in executables] for _ in range(ATTEMPTS)]
        return [found.count(0) for found in zip(*statuses)]

    def starts(self, executable, limit):
        return 2 * self.rates(limit, executable)[0] >= ATTEMPTS

    def smallest(self, executable):
        """In bytes; None: not with the largest either, so it is for another reason."""
        below, enough = 0, MOST
        if not self.starts(executable, enough):
            return None
        while enough - below > STEP:
            middle = (below + enough) // 2 // STEP * STEP
            if self.starts(executable, middle):
                enough = middle
            else:
                below = middle
        return enough

    def test_no_larger_than_that_of_others(self):
        own = self.smallest(settings.ORLOP)
        self.assertIsNotNone(own)
        print("   orlop: %d KiB" % (own // KIB))
        for name in PEERS:
            peer = find_peer(name)
            least = self.smallest(peer) if peer else None
            if least is None:
                print("   %s: does not run here: %s" % (name, self.run_with(peer, MOST).stderr.strip() if peer else "not installed"))
                continue
            ours, theirs = self.rates(least, settings.ORLOP, peer)
            print("   %s: %d KiB, with which %d of its %d runs succeed, and %d of orlop's" % (
                name, least // KIB, theirs, ATTEMPTS, ours))
            self.assertGreaterEqual(ours + CHANCE, theirs, name)

    def test_too_small_is_called_by_its_name(self):
        """Whichever of the steps of a start it is that has too little: one line with the place in the configuration."""
        failed = 0
        for limit in (4096, 2 * 4096, 4 * 4096, 8 * 4096, 12 * 4096, 16 * 4096, 24 * 4096, 32 * 4096):
            result = self.run_with(settings.ORLOP, limit)
            with self.subTest(limit):
                if result.status:
                    failed += 1
                    self.assert_one_line(result, "memory")
                    self.assertTrue("linux.resources.memory" in result.stderr or "memory.limit_in_bytes" in result.stderr or
                                    "memory.max" in result.stderr, result.stderr)
                self.assertEqual(self.runtime.entries(), [])
                self.assert_nothing_left()
        self.assertGreater(failed, 0)


if __name__ == "__main__":
    runner.main()
