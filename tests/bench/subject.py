"""Who is measured, and the command with which each of them runs the container once."""

import os
import shutil
import subprocess

import view

NAMES = ("orlop", "floor", "crun", "runc")
PEERS = ("crun", "runc")
ID = "{id}"  # the stopwatch puts another name here for every run


class Subject:
    def __init__(self, name, path):
        self.name = name
        self.path = path

    def version(self):
        if self.name == "floor":
            return "the bare system calls"
        said = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=False).stdout
        return said.splitlines()[0] if said else "says no version"

    def command(self, bundle, view_name, identifier=ID):
        if self.name == "floor":
            options = _floor_options(view_name)
            return [self.path, "-i", identifier, *options, bundle.rootfs, "/bin/true"]
        return [self.path, "run", "--bundle", bundle.for_view(view_name), identifier]


def _floor_options(view_name):
    if view_name == "v2":
        return ["-2", view.ROOT]
    hierarchies = view.v1_hierarchies()
    options = [word for name in hierarchies for word in ("-1", name)]
    if "cpuset" in hierarchies:
        options += ["-c", _cpuset("cpus"), "-m", _cpuset("mems")]
    if view_name == "hybrid":
        options += ["-2", view.UNIFIED]
    return options


def _cpuset(what):
    with open(f"{view.ROOT}/cpuset/cpuset.{what}", encoding="ascii") as value:
        return value.read().strip()


def find_peer(name):
    """A path, or None. sbin is where Debian puts runc, and it is not in everybody's PATH."""
    places = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return shutil.which(name, path=places)
