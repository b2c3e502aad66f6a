"""The bundle that all are measured with: busybox, and the config that `runc spec` writes."""

import hashlib
import json
import os
import shutil
import subprocess

import profile
import view

PAYLOAD = "/bin/true"
SLEEPER = ["/bin/sleep", "1000"]

# What the containers of a race have: nothing but what `runc spec` writes, Podman's seccomp profile, or an init that stays.
PLAIN, FILTERED, STAYING = "plain", "filtered", "staying"


class Bundle:
    """One root file system, one config for each view: `runc spec` looks at /sys/fs/cgroup and asks for a cgroup namespace
    only on v2."""

    def __init__(self, directory, busybox, config_writer):
        self.rootfs = os.path.join(directory, "rootfs")
        self.payload = os.path.join(self.rootfs, "bin/busybox")
        self._directory = directory
        self._writer = config_writer
        self._busybox = busybox
        self._digests = {}
        self._make_rootfs()

    def _make_rootfs(self):
        # The mount points are there beforehand, as in an image: to make them is not what is measured.
        for name in ("bin", "dev", "proc", "sys"):
            os.makedirs(os.path.join(self.rootfs, name))
        shutil.copy(self._busybox, self.payload)
        for name in (PAYLOAD, SLEEPER[0]):
            os.symlink("busybox", self.rootfs + name)

    def for_view(self, name, kind=PLAIN):
        path = os.path.join(self._directory, f"{name}-{kind}")
        if not os.path.isdir(path):
            os.mkdir(path)
            self._write_config(name, kind, path)
        return path

    def digest(self, name):
        """Of the config without the path of the root, which is another one every time."""
        self.for_view(name)
        return self._digests[name, PLAIN]

    def _write_config(self, name, kind, path):
        subprocess.run(view.prefix(name) + [self._writer, "spec"], cwd=path, check=True)
        file = os.path.join(path, "config.json")
        with open(file, encoding="utf-8") as config:
            spec = json.load(config)
        spec["process"]["terminal"] = False
        spec["process"]["args"] = SLEEPER if kind == STAYING else [PAYLOAD]
        if kind == FILTERED:
            spec["linux"]["seccomp"] = profile.load(spec["process"]["capabilities"]["bounding"])
        self._digests[name, kind] = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()
        spec["root"]["path"] = self.rootfs
        with open(file, "w", encoding="utf-8") as config:
            json.dump(spec, config, indent="\t")
