#!/usr/bin/python3
"""Configurations that cannot work: one line that says where, exit status 1, nothing left behind."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


class Refusals(ContainerCase):
    def refused(self, *parts, change=None, text=None, args=("/bin/true",), command="create"):
        """The call fails as it should; the line contains the parts."""
        bundle = self.bundle(*args, change=change)
        if text is not None:
            bundle.write(text)
        result = self.runtime.refuses(command, "--bundle", bundle.path, self.new_id())
        self.assertEqual(result.status, 1, str(result))
        self.assertEqual(result.stdout, "")
        line = self.assert_one_line(result, *parts)
        self.assert_nothing_left()
        self.assertEqual(self.runtime.entries(), [])
        return line


class Files(Refusals):
    @quick
    def test_no_bundle(self):
        path = os.path.join(self.directory, "nowhere")
        result = self.runtime.refuses("create", "--bundle", path, self.new_id())
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, path, "no such file or directory")
        self.assert_nothing_left()

    @quick
    def test_no_configuration(self):
        bundle = self.bundle()
        os.unlink(os.path.join(bundle.path, "config.json"))
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "config.json", "no such file or directory")
        self.assert_nothing_left()

    def test_a_bundle_that_is_a_file(self):
        path = os.path.join(self.directory, "file")
        open(path, "w").close()
        result = self.runtime.refuses("create", "--bundle", path, self.new_id())
        self.assert_one_line(result, path, "not a directory")

    @quick
    def test_no_rootfs(self):
        self.refused("hold", "no such file or directory",
                     change=lambda bundle: bundle.config["root"].update(path="hold"))

    def test_a_rootfs_that_is_a_file(self):
        self.refused("rootfs/etc/passwd", "not a directory",
                     change=lambda bundle: bundle.config["root"].update(path="rootfs/etc/passwd"))

    def test_no_root_member(self):
        self.refused("root", change=lambda bundle: bundle.config.pop("root"))


class Json(Refusals):
    @quick
    def test_broken(self):
        self.refused("config.json", text="{\"ociVersion\": \"1.0.2\", \"process\": {")

    def test_broken_in_other_ways(self):
        whole = json.dumps(self.bundle().config)
        cases = {"empty": "", "a word": "nope", "a list": "[]", "rest": whole + "}", "comma": whole[:-1] + ",}",
                 "twice": whole[:-1] + ", \"hostname\": \"again\"}", "single quotes": "{'ociVersion': '1.0.2'}",
                 "deep": "[" * 100000}
        for name, text in cases.items():
            with self.subTest(name):
                self.refused("config.json", text=text)

    @quick
    def test_the_place_of_a_wrong_type(self):
        line = self.refused("config.json", "process.args", change=lambda bundle: bundle.process.update(args="sh"))
        self.assertRegex(line, r"config\.json:\d+:\d+: ")

    def test_wrong_types(self):
        cases = {
            "process.user.uid": lambda b: b.process["user"].update(uid="root"),
            "process.cwd": lambda b: b.process.update(cwd=7),
            "process.env": lambda b: b.process.update(env={"A": "b"}),
            "process.terminal": lambda b: b.process.update(terminal="yes"),
            "process.rlimits": lambda b: b.process.update(rlimits={}),
            "root.readonly": lambda b: b.config["root"].update(readonly=1),
            "mounts": lambda b: b.config.update(mounts="all"),
            "linux.namespaces": lambda b: b.linux.update(namespaces="all"),
            "linux.maskedPaths": lambda b: b.linux.update(maskedPaths=[1]),
            "hostname": lambda b: b.config.update(hostname=["a"]),
        }
        for place, change in cases.items():
            with self.subTest(place):
                self.refused("config.json", place, change=change)

    def test_numbers_out_of_range(self):
        for value in (-1, 2**32, 1.5, 10**30):
            with self.subTest(value):
                self.refused("process.user.uid", change=lambda bundle: bundle.process["user"].update(uid=value))


class Members(Refusals):
    @quick
    def test_unknown_namespace(self):
        line = self.refused("config.json", "linux.namespaces[", "nett",
                            change=lambda bundle: bundle.linux["namespaces"].append({"type": "nett"}))
        self.assertRegex(line, r"namespaces\[\d+\]")

    def test_a_namespace_twice(self):
        self.refused("linux.namespaces", "pid", change=lambda bundle: bundle.linux["namespaces"].append(
            {"type": "pid"}))

    @quick
    def test_no_arguments(self):
        self.refused("process.args", change=lambda bundle: bundle.process.update(args=[]))
        self.refused("process.args", change=lambda bundle: bundle.process.pop("args"))

    def test_an_empty_argument_zero(self):
        self.refused(change=lambda bundle: bundle.process.update(args=[""]))

    def test_a_relative_directory(self):
        self.refused("cwd", change=lambda bundle: bundle.process.update(cwd="var"))

    def test_unknown_limit(self):
        self.refused("config.json:", "process.rlimits[1].type: unknown resource limit \"RLIMIT_CARGO\"", change=lambda bundle: bundle.process["rlimits"].append(
            {"type": "RLIMIT_CARGO", "soft": 1, "hard": 1}))

    def test_a_limit_twice(self):
        self.refused("config.json:", "process.rlimits[1].type: a second RLIMIT_NOFILE", change=lambda bundle: bundle.process["rlimits"].append(
            {"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}))

    def test_a_limit_that_the_kernel_refuses(self):
        """More descriptors than fs.nr_open are nobody's."""
        limit = {"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2 ** 40}
        self.refused("process.rlimits[0]: setrlimit(RLIMIT_NOFILE, 1, 1099511627776): operation not permitted",
                     change=lambda bundle: bundle.process.update(rlimits=[limit]))

    def test_a_soft_limit_above_the_hard_one(self):
        self.refused("process.rlimits[1]", change=lambda bundle: bundle.process["rlimits"].append(
            {"type": "RLIMIT_CORE", "soft": 2, "hard": 1}))

    def test_a_hostname_without_a_namespace_for_it(self):
        """Else it would become the host's."""
        before = os.uname().nodename
        self.refused("hostname", change=lambda bundle: bundle.drop_namespace("uts"))
        self.assertEqual(os.uname().nodename, before)


class Mounts(Refusals):
    def mount(self, *parts, change=None, **members):
        def add(bundle):
            if change:
                change(bundle)
            bundle.mount("/tmp", **members)
        return self.refused("mounts[", "/tmp", *parts, change=add)

    @quick
    def test_a_missing_source(self):
        line = self.mount("/no/such/cargo", "no such file or directory", type="bind", source="/no/such/cargo",
                          options=["bind"])
        self.assertRegex(line, r"mounts\[\d+\]")

    def test_an_unknown_file_system(self):
        self.mount("nosuchfs", "no such device", type="nosuchfs", source="none")

    def test_bad_data(self):
        self.mount("invalid argument", type="tmpfs", source="none", options=["size=much"])

    def test_a_directory_over_a_file(self):
        self.refused("mounts[", "/etc/passwd", change=lambda bundle: bundle.mount(
            "/etc/passwd", type="bind", source="/tmp", options=["bind"]))

    def test_no_destination(self):
        self.refused("mounts[", "destination", change=lambda bundle: bundle.config["mounts"].append(
            {"type": "tmpfs", "source": "tmpfs"}))

    def test_proc_that_is_a_link(self):
        """CVE-2019-19921: the image's /proc leads elsewhere."""
        def change(bundle):
            os.rmdir(os.path.join(bundle.rootfs, "proc"))
            os.mkdir(os.path.join(bundle.rootfs, "bad"))
            os.symlink("/bad", os.path.join(bundle.rootfs, "proc"))
        self.refused("/proc", change=change)


class Executables(Refusals):
    @quick
    def test_missing(self):
        """Already create says so: an engine must not learn it from a started container."""
        self.refused("/nope", "no such file or directory", args=("/nope",))

    def test_missing_in_the_path(self):
        line = self.refused("nope", args=("nope",)).lower()
        # Engines take either text for "command not found".
        self.assertTrue("no such file or directory" in line or "executable file not found in" in line, line)

    def test_missing_for_run(self):
        self.refused("/nope", "no such file or directory", args=("/nope",), command="run")

    @quick
    def test_not_executable(self):
        self.refused("/etc/passwd", "permission denied", args=("/etc/passwd",))

    def test_a_directory(self):
        line = self.refused("/etc", args=("/etc",)).lower()
        self.assertTrue("permission denied" in line or "is a directory" in line, line)

    def test_through_a_file(self):
        self.refused("not a directory", args=("/etc/passwd/x",))

    def script(self, first):
        def change(bundle):
            path = os.path.join(bundle.rootfs, "bin/script")
            with open(path, "w") as file:
                file.write(first)
            os.chmod(path, 0o755)
        return change

    def test_missing_interpreter(self):
        self.refused("/bin/script", "no such file or directory", args=("/bin/script",), command="run",
                     change=self.script("#!/no/such/shell\n"))

    def test_not_a_program(self):
        self.refused("/bin/script", "exec format error", args=("/bin/script",), command="run",
                     change=self.script("just words\n"))

    def test_failure_that_only_start_can_see(self):
        """create succeeds; start reports the execve, and the container is stopped."""
        name, _ = self.create("/bin/script", change=self.script("just words\n"))
        result = self.runtime.refuses("start", name)
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "exec format error")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()


if __name__ == "__main__":
    runner.main()
