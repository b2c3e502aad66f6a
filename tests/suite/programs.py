"""Which test programs there are, in the order of running them: the fast and simple first."""

import json
import os
import subprocess

from harness import cgroup
from suite.running import Program

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(SOURCE, "build")
SANITIZED = os.path.join(SOURCE, "build-asan")
CLANG = os.path.join(SOURCE, "build-clang")
FUZZ = os.path.join(SOURCE, "build-fuzz")
ORLOP = os.path.join(BUILD, "orlop")
PROBE = os.path.join(BUILD, "tests", "probe", "probe")

PYTHON = ["/usr/bin/python3", "-B"]
VIEWS = ("v1", "hybrid", "v2")
BEHAVIOUR = ("integration",)
ENGINES = ("containerd", "cri", "podman", "podman_user", "docker")
# Without halt_on_error a finding is a line that nobody reads.
SANITIZER_ENV = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
# These run in namespaces or in children that share memory, which the sanitizers' runtimes do not stand.
UNSANITIZED = ("kernel",)


def _meson_tests(build):
    listing = subprocess.run(["meson", "introspect", "--tests", build], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(listing)


def _suites(test):
    return [suite.split(":")[-1] for suite in test["suite"]]


def unit_tests():
    return [Program(test["name"], test["cmd"], test["env"], cwd=test["workdir"] or BUILD) for test in _meson_tests(BUILD)]


def behaviour_files():
    for folder in BEHAVIOUR:
        directory = os.path.join(SOURCE, "tests", folder)
        for name in sorted(os.listdir(directory)):
            if name.endswith(".py"):
                yield folder + "/" + name[:-3], os.path.join(directory, name)


def behaviour_tests(views, quick):
    view = [*PYTHON, os.path.join(SOURCE, "tests", "harness", "view.py")]
    env = {"ORLOP": ORLOP, "PROBE": PROBE}
    words = ["--quick"] if quick else []
    return [
        Program("%s on %s" % (name, layout), [*view, layout, *PYTHON, path, *words], env, 900, may_be_empty=quick)
        for layout in views for name, path in behaviour_files()
    ]


def engines():
    """Once, on the host as it is: its engines do not run on another view of it."""
    env = {"ORLOP": ORLOP, "PROBE": PROBE}
    return [Program("engine " + name, [*PYTHON, os.path.join(SOURCE, "tests", "engines", name + ".py")], env, 600)
            for name in ENGINES]


def in_guests():
    """What this machine's kernel has not, and a user's systemd; without a guest these are skipped."""
    script = os.path.join(SOURCE, "tests", "lab", "lab.py")
    env = ["env", "ORLOP=" + os.path.join(BUILD, "orlop"), "PROBE=" + os.path.join(BUILD, "tests", "probe", "probe")]
    labels = os.path.join(SOURCE, "tests", "integration", "labels.py")
    kernels = (("AppArmor", "security=apparmor apparmor=1"), ("SELinux", "security=selinux selinux=1 enforcing=0"))
    found = [Program("a ramdisk as the root of a guest", [*PYTHON, os.path.join(SOURCE, "tests", "lab", "ramdisk.py")],
                     {"ORLOP": ORLOP, "PROBE": PROBE}, 300)]
    found += [Program("labels of %s in a guest" % name, [*PYTHON, script, "--append", words, "--", *env, *PYTHON, labels, name], {}, 600)
             for name, words in kernels]
    # Root's are among those of the lab.
    systemd = os.path.join(SOURCE, "tests", "integration", "systemd.py")
    found.append(Program("systemd of a user in a guest", [*PYTHON, script, "--systemd", "--user", "--", *env, *PYTHON, systemd], {}, 600))
    engines_file = os.path.join(SOURCE, "tests", "engines", "with_systemd.py")
    found.append(Program("engines of a user in a guest", [
        *PYTHON, script, "--systemd", "--user", "--", *env, "ORLOP_TEST_PATIENCE=4", *PYTHON, engines_file], {}, 600))
    return found


def bench():
    """A smoke test: it judges no number."""
    layout = "v2" if cgroup.layout() == "v2" else "v1"
    tools = ["--orlop", ORLOP, "--tools", os.path.join(BUILD, "tests", "bench")]
    return [Program("bench --quick", [os.path.join(SOURCE, "contrib", "bench"), "--quick", "--view", layout, *tools])]


def _build(name, directory, options, targets=(), env=None):
    script = os.path.join(SOURCE, "tests", "suite", "build.bash")
    return Program(name, ["bash", script, directory, *options, "--", *targets], env or {}, 1500, beside=True)


def clang_build():
    return [_build("build with clang", CLANG, ["-Dtests=false"], env={"CXX": "clang++"})]


def _is_sanitized(test):
    is_built = test["cmd"][0].startswith(BUILD + os.sep)
    return is_built and not set(_suites(test)) & set(UNSANITIZED)


def sanitized_tests():
    """The same programs as in the ordinary build, found there: a build that fails must not make the list shorter."""
    chosen = [test for test in _meson_tests(BUILD) if _is_sanitized(test)]
    targets = [os.path.relpath(test["cmd"][0], BUILD) for test in chosen]
    if not targets:
        return []
    # Optimized, code with these checks takes three times as long to compile; and the optimizer hides what they look for.
    options = ["-Dbuildtype=debug", "-Doptimization=0", "-Db_sanitize=address,undefined"]
    tests = [
        Program("sanitized " + test["name"], [os.path.join(SANITIZED, target), *test["cmd"][1:]],
                {**test["env"], **SANITIZER_ENV}, cwd=test["workdir"] or SANITIZED)
        for test, target in zip(chosen, targets)
    ]
    return [_build("build with sanitizers", SANITIZED, options, targets)] + tests


def fuzzer():
    """A minute and a half of arbitrary bytes for the reader of config.json, beside other work."""
    options = ["-Dbuildtype=debugoptimized", "-Dfuzz=true", "-Db_sanitize=address", "-Db_lundef=false"]
    script = os.path.join(SOURCE, "tests", "suite", "fuzz.bash")
    return [_build("build the fuzzer", FUZZ, options, ["tests/oci-spec/oci_spec_fuzz"], {"CXX": "clang++"}),
            Program("fuzzing", ["bash", script, FUZZ, "90"], seconds=300, beside=True)]


def groups(quick):
    yield "unit tests", unit_tests()
    if quick:
        yield "integration tests", behaviour_tests([cgroup.layout()], True)
        return
    yield "integration tests", behaviour_tests(VIEWS, False)
    yield "engines", engines()
    yield "in guests", in_guests()
    yield "bench", bench()
    yield "sanitized tests", sanitized_tests()
    yield "build with clang", clang_build()
    yield "fuzzer", fuzzer()
