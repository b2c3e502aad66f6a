#!/usr/bin/python3
"""The account of properties: account.txt names for each property of config.json the tests that prove its effect."""

import json
import os
import re
import subprocess
import sys
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ACCOUNT = os.path.join(SOURCE, "tests", "account", "account.txt")

PROOF = re.compile(r'golden/([\w-]+)|(\w+)\.(test_\w+)|(\w+) "([^"]+)"')


def read_account():
    """A dictionary: property, list of the proofs as matches of PROOF. What is no proof stays as text."""
    account = {}
    with open(ACCOUNT, encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            name, proofs = line.split(None, 1)
            assert name not in account, "%s has two lines" % name
            account[name] = [PROOF.fullmatch(proof) or proof for proof in re.split(r"\s{2,}", proofs.strip())]
    return account


def properties():
    """What the reader of oci-spec/ knows, as the program that is built beside it prints it."""
    done = subprocess.run([os.environ["PROPERTIES"]], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()


def text_of(*path):
    try:
        with open(os.path.join(SOURCE, "tests", *path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def has_property(value, steps):
    if not steps:
        return True
    step, rest = steps[0], steps[1:]
    if step == "[]":
        return any(has_property(one, rest) for one in value)
    if step == "{}":
        return any(has_property(one, rest) for one in value.values())
    return isinstance(value, dict) and step in value and has_property(value[step], rest)


def steps_of(name):
    return re.findall(r"\[\]|\{\}|[^.\[{]+", name)


class Account(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.account = read_account()

    def every_proof(self, group):
        for name, proofs in self.account.items():
            for proof in proofs:
                if not isinstance(proof, str) and proof.group(group):
                    yield name, proof

    def test_every_property_has_a_line_and_every_line_a_property(self):
        known = properties()
        self.assertGreater(len(known), 100)
        self.assertEqual(sorted(set(known) - set(self.account)), [], "properties without proof")
        self.assertEqual(sorted(set(self.account) - set(known)), [], "lines without property")

    def test_every_proof_can_be_read(self):
        for name, proofs in self.account.items():
            for proof in proofs:
                self.assertNotIsInstance(proof, str, "%s: %s" % (name, proof))

    def test_integration_tests_are_there_and_name_the_property(self):
        for name, proof in self.every_proof(2):
            with self.subTest(name):
                text = text_of("integration", proof.group(2) + ".py")
                self.assertIsNotNone(text, "no tests/integration/%s.py" % proof.group(2))
                self.assertIn("def %s(" % proof.group(3), text)

    def test_golden_files_have_the_property(self):
        for name, proof in self.every_proof(1):
            with self.subTest(name):
                text = text_of("plan", "golden", proof.group(1) + ".json")
                self.assertIsNotNone(text, "no golden/%s.json" % proof.group(1))
                self.assertTrue(has_property(json.loads(text), steps_of(name)), "golden/%s.json is without it" % proof.group(1))

    def test_test_cases_are_there(self):
        for name, proof in self.every_proof(4):
            with self.subTest(name):
                folder = os.path.join(SOURCE, "tests", proof.group(4))
                texts = [text_of(proof.group(4), file) for file in os.listdir(folder) if file.endswith(".cpp")]
                self.assertTrue(any('TEST_CASE("%s")' % proof.group(5) in text for text in texts), proof.group(0))


if __name__ == "__main__":
    if "PROPERTIES" not in os.environ:
        sys.exit("PROPERTIES has to be the path of the program tests/account/properties of the build")
    unittest.main(verbosity=2)
