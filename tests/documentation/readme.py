"""What README.md says of orlop's commands and options, in `code` and in indented blocks, and of what is refused."""

import re
from dataclasses import dataclass

# They speak of the options of other programs.
OTHER_PROGRAMS = ("Two commands", "Tests", "Speed")
REFUSALS = "What this version does"


@dataclass
class Readme:
    commands: set
    options: set
    refused_members: set
    refused_mount_options: set


def _sections(text):
    """The text of each section by its title."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return dict(zip([""] + parts[1::2], parts[::2]))


def _code(text):
    """Code spans and the lines of indented blocks, without the block that shows error lines."""
    blocks = re.findall(r"^    (?!orlop: )(.*)$", text, re.MULTILINE)
    return re.findall(r"`([^`]+)`", text) + blocks


def _refusals(section):
    """The list items, each one line."""
    joined = section.replace("\n  ", " ")
    return [line for line in joined.splitlines() if line.startswith("- ")]


def _members(items):
    spans = {span for item in items for span in re.findall(r"`([^`]+)`", item)}
    return {span for span in spans if span == "hooks" or re.match(r"(process|linux)\.", span)} - {"linux.namespaces"}


def _mount_options(items):
    text = next(item for item in items if item.startswith("- in `mounts`"))
    return set(re.findall(r"`([^`]+)`", text.partition("the options")[2]))


def read(path):
    with open(path) as file:
        sections = _sections(file.read())
    code = [span for title, text in sections.items() if title not in OTHER_PROGRAMS for span in _code(text)]
    items = _refusals(sections[REFUSALS])
    return Readme(
        commands={name for span in code for name in re.findall(r"^orlop ([a-z]+)", span)},
        options={name for span in code for name in re.findall(r"(?<!\S)--([a-z-]+)", span)},
        refused_members=_members(items),
        refused_mount_options=_mount_options(items))
