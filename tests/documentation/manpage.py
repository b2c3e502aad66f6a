"""What man/orlop.1 says, read from its source in mdoc(7): section GLOBAL OPTIONS, and a .Ss for each command."""

from dataclasses import dataclass, field

from documentation.helptext import Command


@dataclass
class Page:
    options: set = field(default_factory=set)
    commands: dict = field(default_factory=dict)
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


def _usage(words):
    """ "Oo Ar options Oc Ar ID Op Ar SIGNAL" is "[options] ID [SIGNAL]"."""
    text, optional = [], False
    for word in words:
        if word == "Op":
            optional = True
        elif word in ("Oo", "Oc"):
            text.append({"Oo": "[", "Oc": "]"}[word])
        elif word != "Ar":
            text.append("[%s]" % word if optional else word)
            optional = False
    return " ".join(text).replace("[ ", "[").replace(" ]", "]")


def _mentioned(words):
    return {word[1:] for before, word in zip(words, words[1:]) if before in ("Fl", ",") and word.startswith("-")}


def read(path):
    page = Page()
    options = None  # of the section that we are in
    with open(path) as file:
        for line in file:
            words = line.split()
            if words[:1] == [".Sh"]:
                options = page.options if words[1:] == ["GLOBAL", "OPTIONS"] else None
            elif words[:2] == [".Ss", "orlop"]:
                options = set()
                page.commands[words[2]] = Command(_usage(words[3:]), options)
            elif words[:2] == [".It", "Fl"] and options is not None:
                options.add(_option(words[2:]))
            if line.startswith("."):
                page.mentioned |= _mentioned([words[0].lstrip(".")] + words[1:])
    return page
