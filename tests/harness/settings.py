"""Where the programs under test are. ORLOP, PROBE and BUSYBOX in the environment say otherwise."""

import os

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.dirname(TESTS)


def _built(variable, *candidates):
    """The variable's value, else the first candidate below build/ that exists, else the first candidate."""
    given = os.environ.get(variable)
    if given:
        return os.path.abspath(given)
    paths = [os.path.join(SOURCE, "build", candidate) for candidate in candidates]
    return next((path for path in paths if os.path.exists(path)), paths[0])


ORLOP = _built("ORLOP", "orlop", "src/command/orlop")
PROBE = _built("PROBE", "tests/probe/probe")
BUSYBOX = os.environ.get("BUSYBOX", "/bin/busybox")
CACHE = os.environ.get("ORLOP_TEST_CACHE", "/var/tmp/orlop-test-cache")

# Set where nothing else makes containers at the same time: then every new cgroup counts as left behind, not only
# those that carry this program's tag.
EXCLUSIVE = os.environ.get("ORLOP_TEST_EXCLUSIVE") == "1"

# How much longer than on an ordinary machine things may take: in a guest a system call is a hundred times slower.
PATIENCE = float(os.environ.get("ORLOP_TEST_PATIENCE", "1"))
CALL_SECONDS = 20.0 * PATIENCE
TEST_SECONDS = int(60 * PATIENCE)

# In every container id and directory of this test program, so that it knows its own traces.
TAG = "ot%d" % os.getpid()


def retag():
    """After a fork: the tag is the pid of the process that runs the tests."""
    global TAG
    TAG = "ot%d" % os.getpid()
