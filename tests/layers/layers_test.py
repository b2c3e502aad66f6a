"""The sources keep to the layers; and layers.py finds what is planted in a copy of them.

    layers_test.py ROOT
"""

import os
import shutil
import sys
import tempfile
import time

import layers

ROOT = sys.argv[1]

# A file, a line that is put at its end, and what must be said about it.
PLANTED = [
    ("include/orlop/base/fd.hpp", '#include "orlop/kernel/mount.hpp"', "base may not include kernel"),
    ("src/base/child.cpp", '#include "oci/spec.hpp"', "base may not include oci-spec"),
    ("src/kernel/mount.cpp", '#include "orlop/plan/plan.hpp"', "kernel may not include plan"),
    ("src/kernel/mount.cpp", '#include "oci/spec.hpp"', "kernel may not include oci-spec"),
    ("src/kernel/mount.cpp", '#include "orlop/kernel/pivot.hpp"', "kernel/mount may not include its sibling"),
    ("src/kernel/device_filter.cpp", '#include "orlop/kernel/device.hpp"', "kernel/device_filter may not include its"),
    ("src/kernel/mount.cpp", '#include "self_exe_start.hpp"', "kernel/mount may not include its sibling"),
    ("include/orlop/kernel/mount.hpp", '#include "orlop/kernel/uts.hpp"', "kernel/mount may not include its sibling"),
    ("src/kernel/mount.cpp", '  #  include   "orlop/command/command.hpp" // x', "kernel may not include command"),
    ("src/kernel/mount.cpp", "#include <orlop/plan/plan.hpp>", "our own headers"),
    ("src/kernel/mount.cpp", '#include "../base/walk.hpp"', "our own headers"),
    ("src/kernel/mount.cpp", '#include "walk.hpp"', "our own headers"),
    ("src/kernel/mount.cpp", '#include "no_such.hpp"', "our own headers"),
    ("src/kernel/mount.cpp", "#include <yajl/yajl_parse.h>", "belongs to the layer oci-spec"),
    ("src/base/child.cpp", "#include <seccomp.h>", "belongs to the layer kernel"),
    ("include/orlop/base/error.hpp", '#include "text.hpp"', "our own headers"),
    ("include/orlop/base/fd.hpp", '#include "orlop/base/directory.hpp"', "includes itself"),
    ("include/orlop/base/text.hpp", '#include "orlop/base/log.hpp"\n#include "orlop/base/text.hpp"', "includes itself"),
    ("src/plan/planted.cpp", '#include "orlop/container/record.hpp"', "plan may not include container"),
    ("src/plan/planted.cpp", '#include "orlop/launch/create.hpp"', "plan may not include launch"),
    ("src/container/planted.cpp", '#include "orlop/kernel/mount.hpp"', "container may not include kernel"),
    ("src/container/planted.cpp", '#include "orlop/plan/plan.hpp"', "container may not include plan"),
    ("src/launch/planted.cpp", '#include "orlop/command/command.hpp"', "launch may not include command"),
    ("oci-spec/src/planted.cpp", '#include "orlop/base/text.hpp"', "oci-spec may not include base"),
    ("src/common/planted.cpp", "", "is in no layer"),
]

# Lines that must be let through.
INNOCENT = [
    ("src/plan/planted.cpp", '#include "oci/spec.hpp"\n#include "orlop/kernel/mount.hpp"'),
    ("src/container/planted.cpp", '#include "oci/spec.hpp"\n#include "orlop/base/fd.hpp"'),
    ("src/launch/planted.cpp", '#include "orlop/plan/plan.hpp"\n#include "oci/spec.hpp"\n#include "orlop/base/fd.hpp"'),
    ("src/kernel/self_exe_planted.cpp", '#include "orlop/kernel/self_exe.hpp"\n#include "self_exe_start.hpp"'),
    ("src/base/planted.cpp", '#include "walk.hpp"\n// #include "orlop/kernel/mount.hpp"'),
]


class Copy:
    """The sources in a temporary directory; the headers that the plants name exist there in any case."""

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="orlop-layers-")
        for path in layers.sources(ROOT):
            self.write(path, open(os.path.join(ROOT, path), encoding="utf-8").read())
        for name in ["container/record", "launch/create", "plan/plan", "command/command"]:
            self.write("include/orlop/%s.hpp" % name, "")
        self.write("oci-spec/include/oci/spec.hpp", "")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def write(self, path, text, mode="w"):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, mode, encoding="utf-8") as file:
            file.write(text)

    def faults_with(self, path, line):
        before = set(layers.faults_of(self.root))
        self.write(path, "\n" + line + "\n", "a")
        return [fault for fault in layers.faults_of(self.root) if fault not in before]


def sources_keep_to_the_layers():
    return layers.faults_of(ROOT)


def all_layers_are_read():
    found = {layers.layer_of(path) for path in layers.sources(ROOT)}
    return ["no file of the layer %s was found" % layer for layer in layers.ALLOWED if layer not in found]


def is_found(path, line, expected):
    with Copy() as copy:
        faults = copy.faults_with(path, line)
    if any(expected in fault for fault in faults):
        return []
    return ["%s with %s: expected \"%s\", found %s" % (path, line, expected, faults)]


def is_let_through(path, line):
    with Copy() as copy:
        return copy.faults_with(path, line)


def cases():
    yield "layers: the sources keep to them", sources_keep_to_the_layers
    yield "layers: all are read", all_layers_are_read
    for number, row in enumerate(PLANTED):
        yield "layers: planted %d, %s" % (number, row[2]), lambda row=row: is_found(*row)
    for number, row in enumerate(INNOCENT):
        yield "layers: innocent %d, %s" % (number, row[0]), lambda row=row: is_let_through(*row)


def main():
    passed = failed = 0
    for name, run in cases():
        begin = time.monotonic()
        faults = run()
        passed, failed = passed + (not faults), failed + bool(faults)
        word = "FAIL" if faults else "ok"
        print("\n    ".join(["%s %s %.3fs" % (word, name, time.monotonic() - begin)] + faults))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    sys.exit(1 if failed else 0)


main()
