#!/usr/bin/python3
"""The man pages and README.md against the program: the same commands and options, no more and no fewer."""

import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from documentation import helptext, manpage, readme  # noqa: E402
from harness import settings  # noqa: E402

MAN = os.path.join(settings.SOURCE, "man")


def man_pages():
    return sorted(os.path.join(MAN, name) for name in os.listdir(MAN) if name.endswith(".1"))


def man_page(*words):
    return os.path.join(MAN, "-".join(("orlop", *words)) + ".1")


class Rendering(unittest.TestCase):
    def complaints(self, *argv):
        if not shutil.which(argv[0]):
            self.skipTest(argv[0] + " is not installed")
        return "".join(subprocess.run([*argv, page], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True).stdout for page in man_pages())

    def test_groff_has_no_warning(self):
        self.assertEqual(self.complaints("groff", "-ww", "-mdoc", "-z"), "")

    def test_mandoc_has_no_warning(self):
        self.assertEqual(self.complaints("mandoc", "-Tlint", "-Wwarning"), "")


class ManPages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.help = helptext.read(settings.ORLOP)
        cls.page = manpage.read(man_page())
        cls.pages = {name: manpage.read(man_page(name)) for name in cls.help.commands if os.path.exists(man_page(name))}

    def test_the_program_has_commands(self):
        self.assertIn("run", self.help.commands)

    def test_every_command_has_a_page(self):
        self.assertEqual(man_pages(), sorted([man_page()] + [man_page(name) for name in self.help.commands]))

    def test_all_are_installed(self):
        with open(os.path.join(MAN, "meson.build")) as file:
            named = re.findall(r"'(.*\.1)'", file.read())
        self.assertEqual(sorted(named), [os.path.basename(page) for page in man_pages()])

    def test_commands(self):
        summaries = {name: command.summary[0].upper() + command.summary[1:] + "." for name, command in
                     self.help.commands.items()}
        self.assertEqual(self.page.commands, summaries)

    def test_global_options(self):
        self.assertEqual(self.page.options, self.help.options)

    def test_each_command(self):
        for name, command in self.help.commands.items():
            with self.subTest(name):
                page = self.pages[name]
                self.assertEqual((page.summary, page.usage), (command.summary, command.usage))
                self.assertEqual(page.options, command.options)

    def test_options_in_the_text(self):
        for page in (self.page, *self.pages.values()):
            self.assertEqual(page.mentioned - self.help.all_options(), set())


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
