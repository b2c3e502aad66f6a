#!/usr/bin/python3
"""orlop where the root is a ramdisk: a guest that has nothing but an initramfs, whose root pivot_root(2) cannot leave."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import runner, settings  # noqa: E402
from lab import guest  # noqa: E402

SECONDS = 120
APPLETS = ("echo", "grep", "ls", "mkdir", "mount", "poweroff", "sh")
SEEN = "grep ' /bundle/rootfs / ' /proc/self/mountinfo; ls -1 /; ls -d /bundle 2>/dev/null || echo nothing of the host"

INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run; mount -t devtmpfs devtmpfs /dev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
say() { echo "== $1"; }
cd /bundle
say before; grep -c . /proc/self/mountinfo
say without; orlop run one 2>&1; echo "status $?"
say with; orlop run --no-pivot two 2>&1; echo "status $?"
say after; grep -c . /proc/self/mountinfo; orlop list -q; ls /run/orlop
say end
poweroff -f
"""


def _make_root(root):
    for name in ("bin", "proc", "sys", "dev", "run", *("bundle/rootfs/" + each for each in ("bin", "proc", "sys", "dev"))):
        os.makedirs(os.path.join(root, name))
    for place in ("bin", "bundle/rootfs/bin"):
        shutil.copy("/bin/busybox", os.path.join(root, place))
        for name in APPLETS:
            os.symlink("busybox", os.path.join(root, place, name))
    shutil.copy(settings.ORLOP, os.path.join(root, "bin/orlop"))
    subprocess.run([settings.ORLOP, "spec"], cwd=os.path.join(root, "bundle"), check=True)
    config = os.path.join(root, "bundle/config.json")
    with open(config) as file:
        spec = json.load(file)
    spec["process"].update(terminal=False, args=["/bin/sh", "-c", SEEN])
    with open(config, "w") as file:
        json.dump(spec, file)
    with open(os.path.join(root, "init"), "w") as file:
        file.write(INIT)
    os.chmod(os.path.join(root, "init"), 0o755)


def _boot(directory):
    """What the guest prints, by its headings."""
    root, archive = os.path.join(directory, "root"), os.path.join(directory, "initramfs")
    _make_root(root)
    with open(archive, "wb") as file:
        names = subprocess.run(["find", "."], cwd=root, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["/bin/busybox", "cpio", "-o", "-H", "newc"], cwd=root, input=names, stdout=file,
                       stderr=subprocess.DEVNULL, check=True)
    words = ["mem=256M", "initrd=" + archive, "quiet", "con=null", "con0=null,fd:1", "ssl=null"]
    env = {"HOME": directory, "PATH": "/usr/bin:/bin", "TMPDIR": directory}
    said = subprocess.run([guest.KERNEL, *words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS).stdout.decode("utf-8", "replace")
    sections = re.split(r"^== (\w+)\r?\n", said, flags=re.MULTILINE)
    return {name: text.replace("\r", "").splitlines() for name, text in zip(sections[1::2], sections[2::2])}


class Ramdisk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why = guest.obstacle()
        if why:
            raise unittest.SkipTest(why)
        with tempfile.TemporaryDirectory(prefix="orlop-ramdisk-") as directory:
            cls.said = _boot(directory)
        assert "end" in cls.said, cls.said

    def test_a_root_that_cannot_be_left_is_named(self):
        *lines, status = self.said["without"]
        self.assertEqual(status, "status 1")
        self.assertIn("pivot_root", lines[0])
        self.assertIn("--no-pivot", lines[1])

    def test_without_pivot_root(self):
        mount, *lines, status = self.said["with"]
        self.assertIn("/bundle/rootfs / ", mount)
        self.assertEqual((lines, status), (["bin", "dev", "proc", "sys", "nothing of the host"], "status 0"))

    def test_nothing_left(self):
        self.assertEqual(self.said["after"], self.said["before"])


if __name__ == "__main__":
    runner.main()
