#!/usr/bin/python3
"""Which configuration and which containers a command is meant for: --config, --regex, and what `features` promises."""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


class Config(ContainerCase):
    @quick
    def test_another_file(self):
        bundle = self.bundle("/bin/probe", "say", "elsewhere")
        other = os.path.join(self.directory, "other.json")
        shutil.move(os.path.join(bundle.path, "config.json"), other)
        for words in (("--config", other), ("-f", other)):
            result = self.runtime.ok("run", "--bundle", bundle.path, *words, self.new_id())
            self.assertEqual(result.stdout, "elsewhere\n")
        self.assertIn("elsewhere", self.runtime.ok("plan", "--bundle", bundle.path, "--config", other).stdout)
        self.assert_nothing_left()

    def test_errors_name_it(self):
        bundle = self.bundle("/bin/true")
        other = os.path.join(self.directory, "other.json")
        with open(other, "w") as file:
            file.write("{\"ociVersion\": 1}")
        result = self.runtime.refuses("run", "--bundle", bundle.path, "--config", other, self.new_id())
        self.assert_one_line(result, "other.json:1:")
        result = self.runtime.refuses("run", "--bundle", bundle.path, "--config", other + "x", self.new_id())
        self.assert_one_line(result, "other.jsonx", "no such file or directory")
        self.assert_nothing_left()

    def test_spec_to_a_file(self):
        path = os.path.join(self.directory, "made.json")
        self.runtime.ok("spec", "--file", path)
        with open(path) as file:
            self.assertIn("process", json.load(file))
        self.assert_one_line(self.runtime.refuses("spec", "-f", path), "exists")


class Regex(ContainerCase):
    @quick
    def test_delete_and_kill(self):
        names = [self.start_sleeper() for _ in range(3)]
        common = os.path.commonprefix(names)
        self.runtime.ok("kill", "--regex", "^%s$" % names[0], "KILL")
        self.runtime.wait_for(names[0], "stopped")
        self.assertEqual([self.runtime.status(name) for name in names[1:]], ["running"] * 2)
        result = self.runtime.refuses("delete", "--regex", "^" + common)
        self.assertIn("not stopped", result.stderr)
        self.assertIsNone(self.runtime.status(names[0]), "one that fails keeps no other from its turn")
        self.runtime.ok("delete", "--force", "-r", "^" + common)
        self.assertEqual([self.runtime.status(name) for name in names], [None] * 3)
        self.assert_nothing_left()

    def test_none_matches(self):
        self.runtime.ok("delete", "--regex", "nobody.*")
        self.runtime.ok("kill", "--regex", "nobody.*", "KILL")

    def test_no_expression(self):
        for command in ("delete", "kill"):
            self.assert_one_line(self.runtime.refuses(command, "--regex", "a("), "--regex", "a(")


class Features(ContainerCase):
    @quick
    def test_nothing_but_the_object(self):
        result = self.runtime.ok("features")
        self.assertEqual(result.stderr, "")
        found = json.loads(result.stdout)
        self.assertTrue(found["ociVersionMin"] and found["ociVersionMax"])
        self.assertIn("rro", found["mountOptions"])
        self.assertTrue(found["linux"]["mountExtensions"]["idmap"]["enabled"])
        self.assertEqual(found["annotations"]["org.opencontainers.runc.checkpoint.enabled"], "false")

    def test_every_mount_option_is_taken(self):
        """None of the words goes to the file system, which would not know it."""
        words = json.loads(self.runtime.ok("features").stdout)["mountOptions"]
        apart = {"remount", "idmap", "ridmap", "bind", "rbind", "copy-symlink", "src-nofollow"}  # of binds, or with a value
        for word in sorted(set(words) - apart):
            with self.subTest(word):
                result = self.run_container("/bin/true", change=lambda bundle: bundle.mount(
                    "/tmp", type="tmpfs", source="tmpfs", options=[word]))
                self.assertNotIn("fsconfig", result.stderr)


if __name__ == "__main__":
    runner.main()
