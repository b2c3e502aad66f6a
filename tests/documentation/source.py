"""What the plan refuses, read from its source: the program cannot be asked for a list."""

import os
import re

from harness import settings

PLAN = os.path.join(settings.SOURCE, "src", "plan")


def _read(name):
    with open(os.path.join(PLAN, name)) as file:
        return file.read()


def refused_members():
    return set(re.findall(r'refuse_if\(.*, "([^"]+)"\);', _read("unsupported.cpp")))


def refused_mount_options():
    table = re.search(r"later\[\] = \{(.*?)\};", _read("mount_option.cpp"), re.DOTALL).group(1)
    return set(re.findall(r'"([^"]+)"', table))
