"""What --help says. An option is (letter or "", name, argument or "")."""

import re
import subprocess
from dataclasses import dataclass

OPTION = re.compile(r"^ +(?:-(\w), )?--([a-z0-9-]+)(?: ([A-Z]+))?(?: |$)", re.MULTILINE)
COMMAND = re.compile(r"^  ([a-z]+) +\S", re.MULTILINE)
USAGE = re.compile(r"^Usage: orlop \[global options\] [a-z]+ ?(.*)$", re.MULTILINE)


@dataclass
class Command:
    summary: str
    usage: str
    options: set


@dataclass
class Help:
    options: set  # the global ones
    commands: dict

    def all_options(self):
        """The names alone."""
        sets = [self.options] + [command.options for command in self.commands.values()]
        return {name for one in sets for _, name, _ in one}


def _text(orlop, *words):
    return subprocess.run([orlop, *words, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def _options(text):
    return set(OPTION.findall(text))


def _command(text):
    return Command(text.split("\n\n")[1], USAGE.search(text).group(1), _options(text))


def read(orlop):
    text = _text(orlop)
    names = COMMAND.findall(text.partition("Commands:\n")[2].partition("\n\n")[0])
    return Help(_options(text), {name: _command(_text(orlop, name)) for name in names})
