"""What the pages in man/ say, read from their sources in mdoc(7): orlop.1 has the global options and a list of commands,
orlop-COMMAND.1 the usage and the options of one."""

from dataclasses import dataclass, field

from documentation.helptext import Command


@dataclass
class Page:
    summary: str = ""
    usage: str = ""  # what stands behind the command
    options: set = field(default_factory=set)
    commands: dict = field(default_factory=dict)  # what orlop.1 says of each
    mentioned: set = field(default_factory=set)


def _option(words):
    """Of ".It Fl b , -bundle Ar DIR" what stands behind Fl."""
    letter = name = argument = ""
    if "Ar" in words:
        argument = words[words.index("Ar") + 1]
        words = words[:words.index("Ar")]
    for word in words:
        if word.startswith("-"):
            name = word[1:]
        elif word != ",":
            letter = word
    return letter, name, argument


def _usage(lines):
    """Of the lines behind ".Cm NAME" in SYNOPSIS: ".Op Ar options", ".Ar ID" is "[options] ID"."""
    words = {".Op": "[%s]", ".Ar": "%s"}
    return " ".join(words[line[0]] % " ".join(word for word in line[1:] if word != "Ar") for line in lines)


def _mentioned(words):
    return {word[1:] for before, word in zip(words, words[1:]) if before in ("Fl", ",") and word.startswith("-")}


def _sections(lines):
    """The lines of each section, as words."""
    sections = {}
    for words in filter(None, map(str.split, lines)):
        if words[0] == ".Sh":
            section = sections[" ".join(words[1:])] = []
        elif sections:
            section.append(words)
    return sections


def _commands(lines):
    return {words[2].removeprefix("orlop-"): " ".join(text)
            for words, text in zip(lines, lines[1:]) if words[:2] == [".It", "Xr"]}


def read(path):
    with open(path) as file:
        lines = file.read().splitlines()
    sections = _sections(lines)
    page = Page(summary=" ".join(sections["NAME"][1][1:]), commands=_commands(sections.get("COMMANDS", [])))
    options = sections.get("OPTIONS", sections.get("GLOBAL OPTIONS", []))
    page.options = {_option(words[2:]) for words in options if words[:2] == [".It", "Fl"]}
    synopsis = sections["SYNOPSIS"]
    behind = [i + 1 for i, words in enumerate(synopsis) if words[0] == ".Cm"]
    page.usage = _usage(synopsis[behind[0]:]) if behind else ""
    for line in lines:
        if line.startswith("."):
            words = line.split()
            page.mentioned |= _mentioned([words[0].lstrip(".")] + words[1:])
    return page
