#!/usr/bin/python3
"""The linker keeps the law that plan/ makes no system call: what it links with has no object of kernel/."""

import argparse
import re
import subprocess
import unittest

SYMBOL = re.compile(r"[0-9a-f ]{16} (?P<letter>\S) (?P<name>.+)")
CALL = "orlop::kernel::grantable_capabilities(unsigned long)"


def symbols(paths, letters):
    """The names that nm marks with one of the letters: U undefined, T D B R defined, V W defined wherever needed."""
    command = [given.nm, "--demangle", *paths]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = (SYMBOL.fullmatch(line) for line in lines)  # the other lines name the members of an archive
    return {match["name"] for match in found if match and match["letter"] in letters}


def kernel_calls(library):
    """What the library needs and only kernel/ has."""
    only_kernel = symbols([given.kernel], "TDBRVW") - symbols([given.plan, *given.others], "TDBRVW")
    return symbols([library], "Uvw") & only_kernel


class Linker(unittest.TestCase):
    def test_the_plan_needs_nothing_of_the_kernel(self):
        self.assertEqual(kernel_calls(given.plan), set())

    def test_a_planted_call_is_seen(self):
        self.assertEqual(kernel_calls(given.planted_object), {CALL})

    def test_a_planted_call_does_not_link(self):
        self.assertNotIn(CALL, symbols([given.planted], "TVW"))  # needed, as seen above, and not there: undefined

    def test_it_would_link_with_the_kernel(self):
        self.assertIn(CALL, symbols([given.planted_with_kernel], "T"))


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("nm")
for name in ("--planted", "--planted-object", "--planted-with-kernel", "--kernel", "--plan"):
    parser.add_argument(name, required=True)
parser.add_argument("--others", nargs="+", required=True)
given = parser.parse_args()

if __name__ == "__main__":
    unittest.main(argv=["linker"])
