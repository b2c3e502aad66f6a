"""The bundle that all are measured with: busybox, and the config that `runc spec` writes."""

import hashlib
import json
import os
import shutil
import subprocess

import view

PAYLOAD = "/bin/true"


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
        os.symlink("busybox", self.rootfs + PAYLOAD)

    def for_view(self, name):
        path = os.path.join(self._directory, name)
        if not os.path.isdir(path):
            os.mkdir(path)
            self._write_config(name, path)
        return path

    def digest(self, name):
        """Of the config without the path of the root, which is another one every time."""
        self.for_view(name)
        return self._digests[name]

    def _write_config(self, name, path):
        subprocess.run(view.prefix(name) + [self._writer, "spec"], cwd=path, check=True)
        file = os.path.join(path, "config.json")
        with open(file, encoding="utf-8") as config:
            spec = json.load(config)
        spec["process"]["terminal"] = False
        spec["process"]["args"] = [PAYLOAD]
        self._digests[name] = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()
        spec["root"]["path"] = self.rootfs
        with open(file, "w", encoding="utf-8") as config:
            json.dump(spec, config, indent="\t")
