"""What README.md says of orlop's commands and options, in `code` and in indented blocks."""

import re
from dataclasses import dataclass

# They speak of the options of other programs.
OTHER_PROGRAMS = ("Two commands", "Examples", "Under an engine", "Tests", "Speed")


@dataclass
class Readme:
    commands: set
    options: set


def _sections(text):
    """The text of each section by its title."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return dict(zip([""] + parts[1::2], parts[::2]))


def _code(text):
    """Code spans and the lines of indented blocks, without the block that shows error lines."""
    blocks = re.findall(r"^    (?!orlop: )(.*)$", text, re.MULTILINE)
    return re.findall(r"`([^`]+)`", text) + blocks


def read(path):
    with open(path) as file:
        sections = _sections(file.read())
    code = [span for title, text in sections.items() if title not in OTHER_PROGRAMS for span in _code(text)]
    return Readme(
        commands={name for span in code for name in re.findall(r"^orlop ([a-z]+)", span)},
        options={name for span in code for name in re.findall(r"(?<!\S)--([a-z0-9-]+)", span)})
