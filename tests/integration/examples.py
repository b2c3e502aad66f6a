#!/usr/bin/python3
"""The examples in contrib/examples: each shows what it says, and leaves nothing."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, settings  # noqa: E402
from harness.case import ContainerCase, skip  # noqa: E402

EXAMPLES = os.path.join(settings.SOURCE, "contrib", "examples")
CANNOT = 77


class Examples(ContainerCase):
    seconds = 120

    def environment(self):
        return program.environment(ORLOP=settings.ORLOP, EXAMPLE_ID=self.new_id(), TMPDIR=self.directory)

    def assert_gone(self):
        self.assertEqual(os.listdir(self.directory), [])
        self.assert_nothing_left()

    def show(self, name):
        """What the example prints, by its titles."""
        result = program.run([os.path.join(EXAMPLES, name)], env=self.environment(), timeout=5 * settings.CALL_SECONDS)
        self.assert_gone()
        if result.status == CANNOT:
            skip(result.stderr.strip().splitlines()[-1])
        self.assertEqual((result.status, result.stderr), (0, ""), str(result))
        parts = [part.partition("\n") for part in result.stdout.split("\n== ")[1:]]
        return {title: text.splitlines() for title, _, text in parts}

    def part(self, shown, begin):
        found = [text for title, text in shown.items() if title.startswith(begin)]
        self.assertEqual(len(found), 1, "%r in %s" % (begin, list(shown)))
        return found[0]

    def test_all_are_tested(self):
        names = {name for name in os.listdir(EXAMPLES) if not name.endswith(".bash")}
        self.assertEqual(names, {"overlay", "network", "rootless", "limits"})

    def test_overlay(self):
        shown = self.show("overlay")
        self.assertEqual(self.part(shown, "a container that changes"), ["mine", "motd", "from the container"])
        kinds = [line.rpartition("/")[2] for line in self.part(shown, "what is in its upper directory")]
        self.assertEqual(kinds, ["mine: regular file", "motd: regular file", "unwanted: character special file",
                                 "the whiteout is the device 0,0"])
        self.assertEqual(self.part(shown, "a second container"), ["motd", "unwanted"] + 2 * ["from the image"])

    def test_network(self):
        shown = self.show("network")
        inside = "\n".join(self.part(shown, "a container with an address"))
        self.assertIn("inet 10.88.0.2/24", inside)
        self.assertIn("default via 10.88.0.1 dev eth0", inside)
        self.assertIn("1 packets transmitted, 1 packets received, 0% packet loss", self.part(shown, "from the container"))
        for begin in ("from the host", "a second container"):
            self.assertEqual(self.part(shown, begin), ["hello from the first container"])
        before, after = self.part(shown, "with the container")
        self.assertIn("veth1", before)
        self.assertEqual(after, "after: ")

    def test_rootless(self):
        shown = self.show("rootless")
        self.assertIn("uid=23456", self.part(shown, "the user outside")[0])
        inside = self.part(shown, "inside")
        self.assertIn("uid=0", inside[0])
        self.assertEqual(inside[-1].split(), ["0", "23456", "1"])
        self.assertEqual(self.part(shown, "what root made"), ["owner of /made: 23456"])

    def test_limits(self):
        shown = self.show("limits")
        self.assertRegex("\n".join(self.part(shown, "what it uses")),
                         r"^memory: \d+ KiB of 65536\nprocesses: [12] of 20\nprocessor: used$")
        self.assertIn("can't fork", "\n".join(self.part(shown, "more processes")))
        self.assertEqual([line.strip(' ,') for line in self.part(shown, "paused")],
                         ['"status": "paused"', "it stands still", '"status": "running"', "it goes on"])
        self.assertRegex("\n".join(self.part(shown, "with other limits")), r"^memory: \d+ KiB of 98304\nprocesses: \d+ of 40\n")
        self.assertEqual(self.part(shown, "gone"), [])

    def test_interrupted(self):
        output = os.path.join(self.directory, "output")
        with open(output, "wb") as file:
            process = subprocess.Popen([os.path.join(EXAMPLES, "limits")], env=self.environment(), stdout=file,
                                       stderr=file, stdin=subprocess.DEVNULL)
        program.until(lambda: b"it uses" in read(output) or process.poll() is not None, "the container runs", 60)
        if process.poll() == CANNOT:
            skip(read(output).decode().splitlines()[-1])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 1, read(output))
        os.unlink(output)
        self.assert_gone()


def read(path):
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    runner.main()
