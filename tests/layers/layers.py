"""Reads the #include lines of the sources and names every arrow that the design forbids.

    layers.py ROOT      exit status 1 if there is one

A layer includes the layers that ALLOWED names, and itself; a file of the kernel layer includes no other noun of that
layer; a private header stays in its folder; no header includes itself, by whatever detour.
"""

import os
import re
import sys

ALLOWED = {
    "oci-spec": set(),
    "base": set(),
    "kernel": {"base"},
    "plan": {"oci-spec", "base", "kernel"},
    "container": {"oci-spec", "base"},
    "launch": {"oci-spec", "base", "kernel", "plan", "container"},
    "command": {"oci-spec", "base", "kernel", "plan", "container", "launch"},
}
FOLDERS = ["oci-spec/include/oci", "oci-spec/src", "include/orlop", "src"]
# Libraries that only one layer may see.
OWNERS = {"yajl/": "oci-spec", "seccomp.h": "kernel"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def sources(root):
    for folder in FOLDERS:
        for place, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp", ".h", ".hpp.in")):
                    yield os.path.relpath(os.path.join(place, name), root)


def layer_of(path):
    """The layer of a source file; None for a file that is in no layer."""
    parts = path.split(os.sep)
    if parts[0] == "oci-spec":
        return "oci-spec"
    layer = parts[2] if parts[0] == "include" else parts[1]
    return layer if layer in ALLOWED else None


def stem_of(path):
    return os.path.basename(path).split(".")[0]


class Tree:
    def __init__(self, root):
        self.root = root
        self.paths = set(sources(root))
        self.faults = []
        self.arrows = {}  # header: the headers that it includes
        for path in sorted(self.paths):
            self.read(path)
        self.find_circles()

    def fault(self, path, number, text):
        self.faults.append("%s:%d: %s" % (path, number, text))

    def read(self, path):
        if layer_of(path) is None:
            self.fault(path, 1, "is in no layer")
            return
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = INCLUDE.match(line)
                if match:
                    self.follow(path, number, *match.groups())

    def follow(self, path, number, mark, name):
        if mark == "<" and not name.startswith(("orlop/", "oci/")):
            owner = next((layer for start, layer in OWNERS.items() if name.startswith(start)), None)
            if owner and layer_of(path) != owner:
                self.fault(path, number, "<%s> belongs to the layer %s" % (name, owner))
            return
        target = self.resolved(path, name) if mark == '"' else None
        if target is None:
            self.fault(path, number, "%s%s: our own headers are included as \"LAYER'S PATH\"" % (mark, name))
            return
        self.check_layer(path, number, target)
        self.arrows.setdefault(path, []).append(target)

    def resolved(self, path, name):
        """The file that an include leads to; None if it is none of ours, or not written as it should be."""
        if name.startswith("orlop/"):
            candidates = ["include/" + name]
        elif name.startswith("oci/"):
            candidates = ["oci-spec/include/" + name]
        elif "/" in name or path.startswith(("include/", "oci-spec/include/")):
            return None
        else:
            beside = os.path.join(os.path.dirname(path), name)
            candidates = [beside, beside + ".in"]
        return next((candidate for candidate in candidates if candidate in self.paths), None)

    def check_layer(self, path, number, target):
        here, there = layer_of(path), layer_of(target)
        if there != here and there not in ALLOWED[here]:
            self.fault(path, number, "%s may not include %s (%s)" % (here, there, target))
        elif here == there == "kernel" and self.noun_of(path) != self.noun_of(target):
            self.fault(path, number, "kernel/%s may not include its sibling %s" % (self.noun_of(path), target))

    def noun_of(self, path):
        """self_exe_start.cpp without a public header of its own is a part of self_exe."""
        stem = stem_of(path)
        words = stem.split("_")
        for count in range(len(words), 0, -1):
            noun = "_".join(words[:count])
            if "include/orlop/kernel/%s.hpp" % noun in self.paths:
                return noun
        return stem

    def find_circles(self):
        done, trail = set(), []

        def visit(path):
            if path in trail:
                circle = trail[trail.index(path):] + [path]
                self.fault(path, 1, "includes itself: " + " -> ".join(circle))
                return
            if path in done:
                return
            trail.append(path)
            for target in self.arrows.get(path, []):
                visit(target)
            trail.pop()
            done.add(path)

        for path in sorted(self.arrows):
            visit(path)


def faults_of(root):
    return Tree(root).faults


if __name__ == "__main__":
    found = faults_of(sys.argv[1])
    print("\n".join(found))
    sys.exit(1 if found else 0)
