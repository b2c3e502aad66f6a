#!/usr/bin/python3
"""From a linker map and what `executed` has seen, the linker script that puts the executed functions side by side.

    order.py MAP EXECUTED... > launch.ld
"""

import bisect
import re
import sys

SECTION = re.compile(r"^ (\.text\S*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*)$")
NAME_ALONE = re.compile(r"^ (\.text\S+)$")
LIBRARY = re.compile(r"(?:.*/)?(lib[^/]+\.a)\((.*)\)$")
# The C library chooses one of several for the processor that it runs on, and that need not be ours.
VARIANT = re.compile(r"((?:mem|str|raw|wmem|wcs)[a-z]*)-[a-z0-9_-]+\.o$")
VARIANT_SECTIONS = ".text .text.sse2 .text.avx .text.evex .text.evex512"
OWN = re.compile(r"(^|/)(src|oci-spec)/")

HEAD = """/* Which functions `orlop run`, `exec` and `delete` execute, side by side: first those of the container's init,
   then those of the parent alone. A process touches fewer pages of text then. Written by contrib/layout/renew; what a
   name in it does not find is passed over, so that it may be older than the sources, only a little slower then. */
SECTIONS
{
  .text.launch :
  {
"""
TAIL = """    HIDDEN(orlop_launch_end = .);
  }
}
INSERT BEFORE .text
"""


def sections_of(path):
    """(address, size, name, object) of each input section of code, by address."""
    found, name = [], None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            alone = NAME_ALONE.match(line)
            if alone:
                name = alone.group(1)
                continue
            match = SECTION.match(line)
            if match and (match.group(1) or name) and int(match.group(3), 16):
                found.append((int(match.group(2), 16), int(match.group(3), 16), match.group(1) or name, match.group(4).strip()))
            name = None
    return sorted(found)


def pattern(name, place):
    library = LIBRARY.match(place)
    if name != ".text" and (OWN.search(place) or (name.startswith(".text._Z") and not library)):
        return f"*({name})"
    variant = library and VARIANT.match(library.group(2))
    if variant:
        return f"*{library.group(1)}:{variant.group(1)}-*.o({VARIANT_SECTIONS})"
    if library:
        return f"*{library.group(1)}:{library.group(2)}({name})"
    return f"*{place.rsplit('/', 1)[-1]}({name})"


def executed(paths):
    for path in paths:
        with open(path, encoding="ascii") as lines:
            for line in lines:
                offset, who = line.split()
                yield int(offset, 16), who != "parent"


def main():
    sections = sections_of(sys.argv[1])
    addresses = [section[0] for section in sections]
    is_childs = {}
    for offset, by_child in executed(sys.argv[2:]):
        place = bisect.bisect_right(addresses, offset) - 1
        if place >= 0 and offset < sections[place][0] + sections[place][1]:
            is_childs[place] = is_childs.get(place, False) or by_child
    ordered = sorted(is_childs, key=lambda place: (not is_childs[place], place))
    patterns = dict.fromkeys(pattern(*sections[place][2:]) for place in ordered)
    sys.stdout.write(HEAD + "".join(f"    {one}\n" for one in patterns) + TAIL)


if __name__ == "__main__":
    main()
