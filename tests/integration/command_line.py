#!/usr/bin/python3
"""--help, --version, spec: what needs no container."""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick, skip  # noqa: E402

COMMANDS = ("completion", "create", "delete", "events", "exec", "features", "info", "kill", "list", "mounts", "pause", "plan",
            "ps", "resume", "run", "spec", "start", "state", "update")


def orlop(*words, **how):
    return program.run([settings.ORLOP, *words], **how)


@quick
class Help(ContainerCase):
    def test_of_the_program(self):
        for flag in ("--help", "-h", "-?", "--usage"):
            result = orlop(flag)
            self.assertEqual((result.status, result.stderr), (0, ""), str(result))
            for command in COMMANDS:
                self.assertRegex(result.stdout, r"(?m)^\s+%s\b" % command)

    def test_of_each_command(self):
        for command in COMMANDS:
            for flag in ("--help", "-h", "-?", "--usage"):
                with self.subTest("%s %s" % (command, flag)):
                    result = orlop(command, flag)
                    self.assertEqual((result.status, result.stderr), (0, ""), str(result))
                    self.assertIn(command, result.stdout)
        self.assert_nothing_left()

    def test_options_are_described(self):
        wanted = {
            "create": ("--bundle", "--console-socket", "--pid-file", "--no-pivot", "--no-subreaper"),
            "run": ("--bundle", "--console-socket", "--pid-file", "--no-pivot", "--no-subreaper", "--detach", "--keep"),
            "delete": ("--force",), "list": ("--format", "--quiet"), "plan": ("--bundle", "--format"),
        }
        for command, options in wanted.items():
            text = orlop(command, "--help").stdout
            for option in options:
                self.assertIn(option, text, command)
        for option in ("--root", "--log", "--log-format", "--debug"):
            self.assertIn(option, orlop("--help").stdout)

    def test_lines_fit_on_a_terminal(self):
        for words in ((),) + tuple((command,) for command in COMMANDS):
            for line in orlop(*words, "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 100, line)


@quick
class Host(ContainerCase):
    """info"""

    def test_a_line_each(self):
        result = orlop("--root", "/run/somewhere", "info")
        self.assertEqual((result.status, result.stderr), (0, ""))
        lines = result.stdout.splitlines()
        told = dict(line.split(": ", 1) for line in lines if ": " in line)
        system, _, release, _, machine = os.uname()
        self.assertEqual(told["kernel"], " ".join((system, release, machine)))
        self.assertTrue(told["machine"].startswith("%d processors, " % os.sysconf("SC_NPROCESSORS_ONLN")))
        self.assertEqual((told["called by"], told["state of containers"]), ("uid 0", "/run/somewhere"))
        kinds = [kind for kind in ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts") if os.path.exists("/proc/self/ns/" + kind)]
        self.assertEqual(told["namespaces"].split(), kinds)
        self.assertEqual(told["systemd"], "yes" if os.path.isdir("/run/systemd/system") else "no")
        version = orlop("--version").stdout.splitlines()
        self.assertEqual(told["orlop"], "%s, commit %s" % (version[0].split()[-1], version[1].split()[-1]))
        for key, mount in cgroup.hierarchies().items():
            told_of_it = [line for line in lines if line.startswith("  %s: " % mount)]
            self.assertEqual(len(told_of_it), 1, result.stdout)
            self.assertIn("version 1, " if key else "version 2", told_of_it[0])
            for controller in key.split(",") if key and not key.startswith("name=") else ():
                self.assertIn(controller, told_of_it[0])


    def test_its_shape(self):
        """Line for line, for whoever greps: values are the machine's."""
        output = orlop("--root", "/run/somewhere", "info").stdout
        path, words = r"(?:/[^ :]+)+", r"[^ \n]+(?: [^ \n]+)*"
        self.assertRegex(output, r"\A" + r"\n".join((
            r"orlop: \d+\.\d+\.\d+\S*, commit \S+", r"kernel: Linux \S+ \S+", r"machine: \d+ processors, \d+ MiB of memory",
            r"called by: uid 0(?:, in a user namespace)?", r"state of containers: /run/somewhere", "namespaces: " + words,
            r"security modules: (?:none|apparmor|selinux|apparmor selinux)", r"systemd: (?:yes|no)", "resctrl: (?:no|%s)" % path,
            r"cgroups:(?: none|(?:\n  %s: version (?:1, %s|2(?:, %s)?))+)" % (path, words, words), "")) + r"\Z")


@quick
class Completion(ContainerCase):
    def test_the_script_of_each_shell(self):
        for shell, file in (("bash", "orlop.bash"), ("fish", "orlop.fish"), ("zsh", "_orlop")):
            with open(os.path.join(settings.SOURCE, "contrib", "completion", file)) as opened:
                script = opened.read()
            for words in ((shell,), ("--shell", shell), ("-s", shell)):
                result = orlop("completion", *words)
                self.assertEqual((result.status, result.stdout, result.stderr), (0, script, ""))

    def test_refused(self):
        for words, text in (((), "the shell is missing"), (("csh",), 'unknown shell "csh" (bash, fish or zsh)'),
                            (("bash", "--shell", "bash"), "exclude each other")):
            result = orlop("completion", *words)
            self.assertEqual((result.status, result.stdout), (1, ""))
            self.assert_one_line(result, text)


@quick
class Version(ContainerCase):
    def test_shape(self):
        for flag in ("--version", "-v", "-V"):
            result = orlop(flag)
            self.assertEqual((result.status, result.stderr), (0, ""))
            lines = result.stdout.splitlines()
            self.assertRegex(lines[0], r"^\S+ version \d+\.\d+\.\d+\S*$")
            self.assertRegex(lines[1], r"^commit: \S+$")
            self.assertRegex(lines[2], r"^spec: 1\.\d+\.\d+\S*$")

    def test_only_the_first_line_has_the_word(self):
        """moby takes the last line that contains it."""
        lines = orlop("--version").stdout.splitlines()
        self.assertEqual([line for line in lines[1:] if "version" in line], [])


class Spec(ContainerCase):
    def written(self, executable, *words):
        directory = os.path.join(self.directory, "spec%d" % len(os.listdir(self.directory)))
        os.mkdir(directory)
        result = program.run([executable, "spec", *words], cwd=directory)
        self.assertEqual((result.status, result.stdout, result.stderr), (0, "", ""))
        with open(os.path.join(directory, "config.json")) as file:
            return file.read()

    # Members in which orlop follows a later runc than Debian's, or its own name.
    DIFFERENT = ("ociVersion", "hostname")

    @quick
    def test_equal_to_what_runc_writes(self):
        runc = shutil.which("runc")
        if not runc:
            skip("runc is not installed")
        theirs, ours = json.loads(self.written(runc)), json.loads(self.written(settings.ORLOP))
        for member in self.DIFFERENT:
            theirs.pop(member), ours.pop(member)
        # Ambient capabilities that are not inheritable have no effect; later versions of runc leave them out.
        for config in (theirs, ours):
            config["process"]["capabilities"].pop("ambient", None)
        for member in ("namespaces", "maskedPaths", "readonlyPaths"):
            their, our = theirs["linux"].pop(member), ours["linux"].pop(member)
            for entry in their:
                self.assertIn(entry, our, member)
            added = [entry for entry in our if entry not in their]
            if member == "namespaces":
                self.assertIn(added, ([], [{"type": "cgroup"}]))
        self.assertEqual(ours, theirs)

    @quick
    def test_an_existing_file_is_not_overwritten(self):
        path = os.path.join(self.directory, "config.json")
        with open(path, "w") as file:
            file.write("precious")
        result = orlop("spec", cwd=self.directory)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "config.json", "exist")
        with open(path) as file:
            self.assertEqual(file.read(), "precious")

    def test_bundle(self):
        directory = os.path.join(self.directory, "there")
        os.mkdir(directory)
        for option in ("--bundle", "-b"):
            self.assertEqual(orlop("spec", option, directory).status, 0)
            os.unlink(os.path.join(directory, "config.json"))

    def test_missing_bundle(self):
        path = os.path.join(self.directory, "nowhere")
        result = orlop("spec", "--bundle", path)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, path, "no such file or directory")

    def test_it_is_readable(self):
        """Indented, not one long line: the file is there to be edited."""
        self.assertGreater(len(self.written(settings.ORLOP).splitlines()), 100)


@quick
class Executable(ContainerCase):
    def test_it_is_static(self):
        """No interpreter and nothing loaded: the program runs in an empty root."""
        if os.path.realpath(settings.ORLOP).startswith("/usr/"):
            skip("an installed runtime is tested")
        with open(settings.ORLOP, "rb") as file:
            if b"__asan_init" in file.read():
                skip("a sanitizer build is dynamic")
        root = os.path.join(self.directory, "empty")
        os.mkdir(root)
        shutil.copy(settings.ORLOP, os.path.join(root, "orlop"))

        def enter():
            os.chroot(root)
            os.chdir("/")
        result = program.run(["/orlop", "--version"], before=enter)
        self.assertEqual(result.status, 0, str(result))

    def test_default_state_root(self):
        """Asking for a list makes nothing."""
        before = set(os.listdir("/run"))
        self.assertEqual(orlop("list", "-q").status, 0)
        self.assertEqual(set(os.listdir("/run")), before)


if __name__ == "__main__":
    runner.main()
