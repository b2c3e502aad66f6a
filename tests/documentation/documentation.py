#!/usr/bin/python3
"""The man page and README.md against the program: the same commands and options, no more and no fewer."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from documentation import helptext, manpage, readme  # noqa: E402
from harness import settings  # noqa: E402

MAN_PAGE = os.path.join(settings.SOURCE, "man", "orlop.1")


class Rendering(unittest.TestCase):
    def complaints(self, *argv):
        if not shutil.which(argv[0]):
            self.skipTest(argv[0] + " is not installed")
        result = subprocess.run([*argv, MAN_PAGE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        return result.stdout

    def test_groff_has_no_warning(self):
        self.assertEqual(self.complaints("groff", "-ww", "-mdoc", "-z"), "")

    def test_mandoc_has_no_warning(self):
        self.assertEqual(self.complaints("mandoc", "-Tlint", "-Wwarning"), "")


class ManPage(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.help = helptext.read(settings.ORLOP)
        cls.page = manpage.read(MAN_PAGE)

    def test_the_program_has_commands(self):
        self.assertIn("run", self.help.commands)

    def test_commands(self):
        self.assertEqual(sorted(self.page.commands), sorted(self.help.commands))

    def test_global_options(self):
        self.assertEqual(self.page.options, self.help.options)

    def test_usage_and_options_of_each_command(self):
        for name, command in self.help.commands.items():
            with self.subTest(name):
                self.assertEqual(self.page.commands[name].usage, command.usage)
                self.assertEqual(self.page.commands[name].options, command.options)

    def test_options_in_the_text(self):
        self.assertEqual(self.page.mentioned - self.help.all_options(), set())


class Readme(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.help = helptext.read(settings.ORLOP)
        cls.readme = readme.read(os.path.join(settings.SOURCE, "README.md"))

    def test_commands(self):
        self.assertEqual(sorted(self.readme.commands), sorted(self.help.commands))

    def test_options(self):
        self.assertEqual(self.readme.options - self.help.all_options(), set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
