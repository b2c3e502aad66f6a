#!/usr/bin/python3
"""The completions of contrib/completion, asked in their shells: what they offer is what --help says."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from documentation import helptext  # noqa: E402
from harness import settings  # noqa: E402

COMPLETION = os.path.join(settings.SOURCE, "contrib", "completion")
# The orlop that the shells find: it has containers in one state directory, without anyone making them.
CONTAINERS = ("db", "web1", "web2")
PROGRAM = """#!/bin/sh
[ "$*" != "--root %s list --quiet" ] || exec printf '%%s\\n' %s
exec %s "$@"
"""

# A line on standard input is a command line, of which the last word is to be completed. The answer is a line each, and
# an empty one.
BASH = """source "$1/orlop.bash"
while IFS= read -r line; do
    read -ra COMP_WORDS <<<"$line"
    [[ $line != *' ' ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _orlop
    printf '%s\\n' "${COMPREPLY[@]}"
    ((!${#COMPREPLY[@]})) || echo
done"""
# compadd works in the line editor only: here it is a function that prints what matches.
ZSH = """source "$1/_orlop"
compadd() { print -rl -- ${(M)@[5,-1]:#${words[CURRENT]}*} }
_files() { [[ $1 == -/ ]] && print -rl -- $~words[CURRENT]*(N/) || print -rl -- $~words[CURRENT]*(N) }
while IFS= read -r line; do
    words=(${(z)line})
    [[ $line != *' ' ]] || words+=("")
    CURRENT=$#words
    _orlop
    print
done"""
FISH = """source $argv[1]/orlop.fish
while read -l line
    complete -C "$line" | string replace -r '\\t.*' ''
    echo
end"""
SHELLS = {"bash": ["bash", "--norc", "-c", BASH, "bash"], "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
          "fish": ["fish", "--no-config", "-c", FISH]}


class Shell:
    def __init__(self, name, root):
        argv = SHELLS[name] + [COMPLETION]
        variables = {**os.environ, "PATH": root + "/bin:" + os.environ["PATH"], "HOME": root, "XDG_RUNTIME_DIR": root, "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables)

    def offers(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        found = []
        while (word := self.process.stdout.readline().rstrip("\n")):
            found.append(word)
        return sorted(found)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


class InAShell:
    """The tests; `name` says of which shell."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.name):
            raise unittest.SkipTest(cls.name + " is not installed")
        cls.help = helptext.read(settings.ORLOP)
        cls.root = tempfile.mkdtemp(prefix="orlop-")
        os.mkdir(os.path.join(cls.root, "bin"))
        path = os.path.join(cls.root, "bin", "orlop")
        with open(path, "w") as file:
            file.write(PROGRAM % (cls.root + "/state", " ".join(CONTAINERS), settings.ORLOP))
        os.chmod(path, 0o755)
        cls.shell = Shell(cls.name, cls.root)

    @classmethod
    def tearDownClass(cls):
        cls.shell.end()
        shutil.rmtree(cls.root)

    def written(self, options, begin="-"):
        words = {"--" + name for _, name, _ in options} | {"-" + letter for letter, _, _ in options if letter}
        return sorted(word for word in words if word.startswith(begin))

    def test_commands(self):
        self.assertEqual(self.shell.offers("orlop "), sorted(self.help.commands))
        self.assertEqual(self.shell.offers("orlop --debug --root /tmp "), sorted(self.help.commands))
        self.assertEqual(self.shell.offers("orlop p"), sorted(name for name in self.help.commands if name[0] == "p"))

    def test_global_options(self):
        self.assertEqual(self.shell.offers("orlop --"), self.written(self.help.options, "--"))
        self.assertEqual(self.shell.offers("orlop --log text --r"), ["--root", "--rootless"])

    def test_options_of_each_command(self):
        for name, command in self.help.commands.items():
            with self.subTest(name):
                self.assertEqual(self.shell.offers("orlop %s --" % name), self.written(command.options, "--"))
                self.assertEqual(self.shell.offers("orlop --root /tmp %s -" % name), self.written(command.options))

    def test_directories_and_files(self):
        os.makedirs(os.path.join(self.root, "there", "directory"), exist_ok=True)
        with open(os.path.join(self.root, "there", "file"), "w"):
            pass
        there = os.path.join(self.root, "there", "")
        tidy = lambda words: [word.rstrip("/") for word in words]  # noqa: E731
        self.assertEqual(tidy(self.shell.offers("orlop run --bundle " + there)), [there + "directory"])
        self.assertEqual(tidy(self.shell.offers("orlop run -b " + there)), [there + "directory"])
        self.assertEqual(tidy(self.shell.offers("orlop run --pid-file " + there)), [there + "directory", there + "file"])
        self.assertEqual(self.shell.offers("orlop run --preserve-fds "), [])

    def alternatives(self, usage):
        first = usage.removeprefix("[options] ").split()[0] if usage else ""
        return sorted(first.strip("[]").split("|")) if "|" in first else []

    def test_containers(self):
        options = "orlop --root %s/state " % self.root
        for name, command in self.help.commands.items():
            takes = command.usage.startswith(("[options] ID", "[options] [ID]", "ID")) and name not in ("create", "run", "plan")
            with self.subTest(name):
                found = self.shell.offers(options + name + " ")
                self.assertEqual(found, list(CONTAINERS) if takes else self.alternatives(command.usage))
        self.assertEqual(self.shell.offers(options + "mounts add w"), ["web1", "web2"])
        self.assertEqual(self.shell.offers(options + "mounts add web1 /etc/hostnam"), ["/etc/hostname"])
        self.assertEqual(self.shell.offers(options + "delete --force w"), ["web1", "web2"])
        self.assertEqual(self.shell.offers(options + "exec web1 "), [])
        self.assertEqual(self.shell.offers(options + "exec web1 -"), [])

    def test_signals(self):
        found = self.shell.offers("orlop kill web1 SIGT")
        self.assertIn("SIGTERM", found)
        self.assertEqual(self.shell.offers("orlop kill web1 SIGKIL"), ["SIGKILL"])


class Bash(InAShell, unittest.TestCase):
    name = "bash"


class Zsh(InAShell, unittest.TestCase):
    name = "zsh"


class Fish(InAShell, unittest.TestCase):
    name = "fish"


if __name__ == "__main__":
    unittest.main(verbosity=2)
