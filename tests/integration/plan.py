#!/usr/bin/python3
"""plan: prints what would be done and does nothing."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


@quick
class Plan(ContainerCase):
    def plan(self, *words, change=None, **how):
        bundle = self.bundle("/bin/true", change=change)
        result = self.runtime.ok("plan", "--bundle", bundle.path, *words, **how)
        self.assertEqual(result.stderr, "")
        return result.stdout

    def test_text_names_what_is_in_the_configuration(self):
        bundle = self.bundle()
        text = self.plan()
        wanted = [entry["destination"] for entry in bundle.config["mounts"]] + bundle.linux["maskedPaths"]
        wanted += bundle.process["capabilities"]["bounding"] + [bundle.config["hostname"], "/bin/true"]
        for word in wanted:
            self.assertIn(word, text)

    def test_mounts_are_in_the_order_of_doing(self):
        text = self.plan(change=lambda bundle: [
            bundle.mount("/tmp/zz", type="tmpfs"), bundle.mount("/tmp/aa", type="tmpfs")])
        self.assertLess(text.index("/tmp/zz"), text.index("/tmp/aa"))

    def test_json(self):
        value = json.loads(self.plan("--format", "json"))
        self.assertIsInstance(value, dict)
        self.assertIn("/dev/mqueue", json.dumps(value))

    def test_a_change_of_the_configuration_shows(self):
        def change(bundle):
            bundle.config["hostname"] = "figurehead"
        self.assertNotIn("figurehead", self.plan())
        self.assertIn("figurehead", self.plan(change=change))
        self.assertIn("figurehead", self.plan("--format", "json", change=change))

    def test_it_does_nothing(self):
        bundle = self.bundle("/bin/true")
        before = {path: sorted(names + files) for path, names, files in os.walk(bundle.path)}
        self.runtime.ok("plan", "--bundle", bundle.path)
        self.assertEqual({path: sorted(names + files) for path, names, files in os.walk(bundle.path)}, before)
        self.assertFalse(os.path.exists(self.runtime.root))
        self.assert_nothing_left()

    def test_the_current_directory_is_the_default(self):
        bundle = self.bundle("/bin/true")
        self.assertIn("/bin/true", self.runtime.ok("plan", cwd=bundle.path).stdout)

    def test_twice_the_same(self):
        bundle = self.bundle("/bin/true")
        first, second = (self.runtime.ok("plan", "--bundle", bundle.path).stdout for _ in range(2))
        self.assertEqual(first, second)

    def test_bad_configurations_are_refused(self):
        for change in (lambda bundle: bundle.linux["namespaces"].append({"type": "nett"}),
                       lambda bundle: bundle.process.update(args=[])):
            bundle = self.bundle("/bin/true", change=change)
            result = self.runtime.refuses("plan", "--bundle", bundle.path)
            self.assertEqual((result.status, result.stdout), (1, ""))
            self.assert_one_line(result)

    def test_unknown_format(self):
        bundle = self.bundle("/bin/true")
        self.assert_one_line(self.runtime.refuses("plan", "--bundle", bundle.path, "--format", "xml"), "xml")


if __name__ == "__main__":
    runner.main()
