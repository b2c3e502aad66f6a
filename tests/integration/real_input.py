#!/usr/bin/python3
"""What users run first: a Debian root with an interactive bash, and runc's own bundle unchanged."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402
from harness.terminal import Session  # noqa: E402

SUITE = "bookworm"


def mirror():
    """The mirror that this machine's apt uses; none is written down here."""
    result = program.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    places = [line for line in result.stdout.splitlines() if "security" not in line and line.strip()]
    return places[0] if places else None


def build(target):
    """Into a directory beside it first: a half made root must not be taken for a whole one."""
    place = mirror()
    if not place:
        skip("apt has no mirror")
    os.makedirs(settings.CACHE, exist_ok=True)
    fresh = tempfile.mkdtemp(prefix="making-", dir=settings.CACHE)
    try:
        argv = ["debootstrap", "--variant=minbase", "--no-check-gpg", SUITE, fresh, place]
        result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=540)
        if result.returncode != 0:
            skip("debootstrap failed: %s" % result.stdout.decode("utf-8", "replace").strip().splitlines()[-1:])
        os.chmod(fresh, 0o755)
        os.rename(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def debian_root():
    target = os.path.join(settings.CACHE, "debian-" + SUITE)
    if not os.path.isdir(target):
        if not shutil.which("debootstrap"):
            skip("debootstrap is not installed")
        build(target)
    return target


class Debian(ContainerCase):
    seconds = 600  # the first time, debootstrap needs minutes

    def session(self, *args, readonly=True):
        root = debian_root()

        def change(bundle):
            bundle.process["terminal"] = True
            bundle.process["env"].append("PS1=[deck] ")
            bundle.config["root"] = {"path": root, "readonly": readonly}
        bundle = self.bundle(*args, change=change)
        session = Session(self.runtime.argv("run", "--bundle", bundle.path, self.new_id()))
        self.addCleanup(session.close)
        return session

    def test_interactive_bash(self):
        session = self.session("bash", "--norc")
        session.read_until("[deck] ")
        for command, answer in (("echo $((6*7))", "42\r\n"), ("echo pid=$$", "pid=1\r\n"), ("tty", "/dev/pts/0\r\n"),
                                ("id -un", "root\r\n"), ("cd /etc; ls debian_*", "debian_version\r\n")):
            session.type(command + "\n")
            session.read_until(answer)
            session.read_until("[deck] ")
        session.type("exit 6\n")
        self.assertEqual(session.wait(), 6)
        self.assert_nothing_left()

    def test_job_control(self):
        session = self.session("bash", "--norc")
        session.read_until("[deck] ")
        self.assertNotIn(b"no job control", session.seen)
        session.type("sleep 100\n")
        session.read_until("sleep 100")
        time.sleep(0.3)
        session.type("\x1a")
        session.read_until("Stopped")
        session.read_until("[deck] ")
        session.type("kill %1; wait; stty size; exit 0\n")
        session.read_until("24 80\r\n")
        self.assertEqual(session.wait(), 0)

    def test_packages_tool_runs(self):
        session = self.session("dpkg", "--print-architecture")
        self.assertEqual(session.wait(), 0)
        self.assertRegex(session.seen.decode(), r"^[a-z0-9]+\r\n$")


class RuncsOwnBundle(ContainerCase):
    """What "runc spec" writes, byte for byte."""

    def bundle_of_runc(self):
        runc = shutil.which("runc")
        if not runc:
            skip("runc is not installed")
        bundle = self.bundle()
        os.unlink(os.path.join(bundle.path, "config.json"))
        self.assertEqual(program.run([runc, "spec"], cwd=bundle.path).status, 0)
        with open(os.path.join(bundle.path, "config.json")) as file:
            config = json.load(file)
        self.assertEqual((config["process"]["terminal"], config["process"]["args"]), (True, ["sh"]))
        return bundle

    @quick
    def test_a_shell_on_a_terminal(self):
        session = Session(self.runtime.argv("run", self.new_id()), cwd=self.bundle_of_runc().path)
        self.addCleanup(session.close)
        session.read_until("/ # ")
        session.type("hostname; echo $((6*7))\n")
        session.read_until("42\r\n")
        session.type("exit 3\n")
        self.assertEqual(session.wait(), 3)
        self.assert_nothing_left()

    @quick
    def test_without_a_terminal(self):
        bundle = self.bundle_of_runc()
        path = os.path.join(bundle.path, "config.json")
        with open(path) as file:
            text = file.read().replace('"terminal": true', '"terminal": false')
        with open(path, "w") as file:
            file.write(text)
        result = self.runtime.call("run", "--bundle", bundle.path, self.new_id(), data=b"echo $((6*7)); exit 3\n")
        self.assertEqual((result.status, result.stdout, result.stderr), (3, "42\n", ""))


if __name__ == "__main__":
    runner.main()
