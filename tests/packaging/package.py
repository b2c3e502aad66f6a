#!/usr/bin/python3
"""The Debian package that contrib/debian-package makes: what is in it, and that it can be installed and removed.

    package.py BUILD      the build directory it is made from
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = sys.argv.pop(1)
COMPLETIONS = ("usr/share/bash-completion/completions/orlop", "usr/share/zsh/site-functions/_orlop",
               "usr/share/fish/vendor_completions.d/orlop.fish")


def output(*argv):
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise AssertionError("%s: status %d: %s" % (" ".join(argv), result.returncode, result.stdout))
    return result.stdout


def wanted_files():
    man = [name for name in os.listdir(os.path.join(SOURCE, "man")) if name.endswith(".1")]
    return {"usr/bin/orlop", "usr/share/doc/orlop/copyright", *COMPLETIONS,
            *("usr/share/man/man1/%s.gz" % name for name in man)}


class Package(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not shutil.which("dpkg-deb"):
            raise unittest.SkipTest("no dpkg-deb")
        cls.directory = tempfile.mkdtemp(prefix="orlop-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        script = os.path.join(SOURCE, "contrib", "debian-package")
        cls.path = output(script, "--from", BUILD, "--output", cls.directory).splitlines()[-1]
        cls.version = re.search(r"orlop version (\S+)", output(os.path.join(BUILD, "orlop"), "--version")).group(1)

    def field(self, name):
        return output("dpkg-deb", "--field", self.path, name).strip()

    def test_control(self):
        self.assertEqual(os.path.basename(self.path), "orlop_%s_%s.deb" % (self.version, self.field("Architecture")))
        self.assertEqual((self.field("Package"), self.field("Version")), ("orlop", self.version))
        self.assertEqual(self.field("Architecture"), output("dpkg", "--print-architecture").strip())
        self.assertEqual(self.field("Depends"), "")
        self.assertGreater(int(self.field("Installed-Size")), 1000)

    def test_contents(self):
        lines = [line.split(None, 5) for line in output("dpkg-deb", "--contents", self.path).splitlines()]
        files = {line[5].removeprefix("./"): line[0] for line in lines if line[0][0] != "d"}
        self.assertEqual(set(files), wanted_files())
        self.assertEqual({line[1] for line in lines}, {"root/root"})
        self.assertEqual({line[0] for line in lines if line[0][0] == "d"}, {"drwxr-xr-x"})
        self.assertEqual(files.pop("usr/bin/orlop"), "-rwxr-xr-x")
        self.assertEqual(set(files.values()), {"-rw-r--r--"})

    def test_installed_and_removed(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        root = os.path.join(self.directory, "root")
        for name in ("info", "updates", "triggers"):
            os.makedirs(os.path.join(root, "var/lib/dpkg", name))
        for name in ("status", "available"):
            with open(os.path.join(root, "var/lib/dpkg", name), "w"):
                pass
        dpkg = ("dpkg", "--root=" + root, "--log=/dev/null")
        output(*dpkg, "--install", self.path)
        self.assertIn("Status: install ok installed", output(*dpkg, "--status", "orlop"))
        self.assertEqual(output(*dpkg, "--verify", "orlop"), "")
        # There is no library and no loader in that root.
        self.assertIn("orlop version " + self.version, output("chroot", root, "/usr/bin/orlop", "--version"))
        output(*dpkg, "--purge", "orlop")
        self.assertFalse(os.path.exists(os.path.join(root, "usr/bin/orlop")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
