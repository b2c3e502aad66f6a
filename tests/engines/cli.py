"""Podman and Docker take the same words: what their tests have in common. The classes are bases: a program that wants
their tests has a class of its own for each."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine import EngineCase, path  # noqa: E402
from harness import program  # noqa: E402

QUIET = ("--network", "none")


class CliCase(EngineCase):
    """`engine.image` is an image of busybox."""

    no_such_program = (127,)

    def run_in(self, *words, options=QUIET):
        """In the foreground: what it prints, without a word of the engine."""
        return self.quiet("run", "--rm", *options, self.engine.image, *words)

    def sleeper(self, *options, words=("sleep", "1000"), network="none"):
        name = self.new_id()
        self.quiet("run", "--detach", "--network", network, "--name", name, *options, self.engine.image, *words)
        return name

    def inspect(self, name, what):
        return self.ok("inspect", "--format", "{{%s}}" % what, name).strip()

    def pid_of(self, name):
        return int(self.inspect(name, ".State.Pid"))

    def status_of(self, name):
        return self.inspect(name, ".State.Status")

    def remove(self, name):
        self.quiet("rm", "--force", *self.engine.at_once, name)


class Run(CliCase):
    def test_output(self):
        self.assertEqual(self.run_in("echo", "hello"), "hello\n")
        self.assertEqual(self.quiet("run", "--rm", *QUIET, "--interactive", self.engine.image, "cat", data=b"word"), "word")

    def test_exit_codes(self):
        run = ("run", "--rm", *QUIET)
        image = self.engine.image
        for status in (0, 3, 255):
            self.fails(status, *run, image, "sh", "-c", "exit %d" % status)
        self.fails(125, *run, "--nosuch-option", image, "true")
        self.assertIn("permission denied", self.fails(126, *run, image, "/etc/passwd").lower())
        self.assertIn("executable file not found", self.fails(127, *run, image, "nosuch"))
        self.fails(128 + 15, *run, "--init", image, "sh", "-c", "kill -TERM $$")

    def test_terminal(self):
        session = self.terminal("run", "--rm", "-it", *QUIET, self.engine.image, "sh")
        # docker tells the size when the program runs already
        session.type("tty; until stty size 2>/dev/null | grep ' 80'; do sleep 0.1; done; exit 5\n")
        session.read_until(b"/dev/pts/0")
        session.read_until(b"24 80")
        self.assertEqual(session.wait(), 5)


class Life(CliCase):
    def test_detached(self):
        name = self.sleeper(words=("sh", "-c", "echo out; echo err >&2; exec sleep 1000"))
        program.until(lambda: self.call("logs", name).stdout == "out\n", "the log has its output")
        self.assertEqual(self.call("logs", name).stderr, "err\n")
        self.assertEqual(self.status_of(name), "running")
        self.ok("stop", "--time", "0", name)
        self.assertEqual(self.status_of(name), "exited")
        self.quiet("start", name)
        self.assertEqual(self.status_of(name), "running")
        self.quiet("restart", "--time", "0", name)
        self.remove(name)

    def test_exec(self):
        name = self.sleeper()
        self.assertEqual(self.quiet("exec", name, "echo", "from inside"), "from inside\n")
        self.assertEqual(self.quiet("exec", "--user", "sailor", "--workdir", "/tmp", "--env", "A=b", name, "sh", "-c",
                                    "id -u; pwd; echo $A"), "1000\n/tmp\nb\n")
        self.fails(7, "exec", name, "sh", "-c", "exit 7")
        result = self.call("exec", name, "nosuch")
        self.assertIn(result.status, self.no_such_program)
        self.assertIn("executable file not found", result.stdout + result.stderr)
        self.fails(126, "exec", name, "/etc/passwd")
        session = self.terminal("exec", "-it", name, "sh")
        session.type("tty; exit 6\n")
        session.read_until(b"/dev/pts/")
        self.assertEqual(session.wait(), 6)

    def test_attach(self):
        name = self.sleeper("--interactive", words=("sh", "-c", "read word; echo got $word; exit 4"))
        self.call("attach", name, data=b"that\n")  # at the end of its input it detaches, or sees the end of the container
        self.assertEqual(self.ok("wait", name), "4\n")
        self.assertIn("got that", self.ok("logs", name))

    def test_signals_and_time_outs(self):
        name = self.sleeper(words=("sh", "-c", "trap 'exit 9' USR1; trap 'echo no' TERM; while true; do sleep 0.05; done"))
        begin = time.monotonic()
        self.ok("stop", "--time", "1", name)
        self.assertGreater(time.monotonic() - begin, 1)
        self.assertEqual(self.inspect(name, ".State.ExitCode"), "137")
        self.quiet("start", name)
        time.sleep(0.3)
        self.quiet("kill", "--signal", "USR1", name)
        self.assertEqual(self.ok("wait", name), "9\n")

    def test_remove_by_force(self):
        name = self.sleeper(words=("sh", "-c", "trap '' TERM; sleep 1000 & while true; do sleep 1; done"))
        self.assertNotEqual(self.call("rm", name).status, 0)
        self.remove(name)
        self.assertNotIn(name, self.ok("ps", "--all", "--format", "{{.Names}}"))


class Pause(CliCase):
    def test_pause(self):
        name = self.sleeper()
        self.quiet("pause", name)
        self.assertEqual(self.status_of(name), "paused")
        self.assertNotEqual(self.call("exec", name, "true").status, 0)
        self.quiet("unpause", name)
        self.assertEqual(self.status_of(name), "running")
        self.assertEqual(self.quiet("exec", name, "echo", "on"), "on\n")


class Images(CliCase):
    def build(self, *options):
        """An image with a RUN, and what it writes and removes."""
        place = path("context")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "Dockerfile"), "w") as file:
            file.write("FROM %s\nRUN echo built > /made\nRUN rm /etc/group\nCMD [\"/bin/cat\", \"/made\"]\n" % self.engine.image)
        self.ok("build", *options, "--tag", "localhost/built:1", place, timeout=60)
        self.assertEqual(self.quiet("run", "--rm", *QUIET, "localhost/built:1"), "built\n")
        self.fails(1, "run", "--rm", *QUIET, "localhost/built:1", "cat", "/etc/group")
        self.assertIn("crew", self.run_in("cat", "/etc/group"))
        self.ok("rmi", "localhost/built:1")

    def test_volume(self):
        name = self.new_id()
        volume = ("--volume", name + ":/data", *QUIET)
        self.run_in("sh", "-c", "echo kept > /data/file", options=volume)
        self.assertEqual(self.run_in("cat", "/data/file", options=volume), "kept\n")
        self.fails(1, "run", "--rm", *QUIET, "--volume", name + ":/data:ro", self.engine.image, "touch", "/data/file")
        self.ok("volume", "rm", name)

    def test_layers(self):
        """Copy on write, and a whiteout."""
        name = self.sleeper()
        self.quiet("exec", name, "sh", "-c", "echo more >> /etc/group; rm /etc/passwd")
        changes = self.quiet("diff", name).splitlines()
        self.assertIn("C /etc/group", changes)
        self.assertIn("D /etc/passwd", changes)
        self.assertIn("root", self.run_in("cat", "/etc/passwd"))
        self.remove(name)


class Network(CliCase):
    port = 0

    def published(self, network, fetch):
        """A port is reached from the host, and a container in the network of another sees the same."""
        name = self.sleeper("--publish", "127.0.0.1:%d:80" % self.port, words=("httpd", "-f", "-h", "/etc"), network=network)
        program.until(lambda: b"sailor" in fetch("http://127.0.0.1:%d/passwd" % self.port), "the published port answers", 10, 0.1)
        words = ("wget", "-q", "-O", "-", "http://127.0.0.1/group")
        self.assertIn("crew", self.run_in(*words, options=("--network", "container:" + name)))
        return name

    def test_host_and_none(self):
        own = os.readlink("/proc/self/ns/net")
        self.assertEqual(self.run_in("readlink", "/proc/self/ns/net", options=("--network", "host")).strip(), own)
        self.assertNotEqual(self.run_in("readlink", "/proc/self/ns/net").strip(), own)
        self.assertEqual(self.run_in("ls", "/sys/class/net").split(), ["lo"])
