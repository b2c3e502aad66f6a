#!/usr/bin/python3
"""--log, --log-format and --debug: what containerd, Podman and CRI-O read after a failed call."""

import json
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


class Log(ContainerCase):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "log")

    def content(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log) as file:
            return file.read()

    def objects(self):
        return [json.loads(line) for line in self.content().splitlines()]

    def json_options(self, *more):
        return ("--log", self.log, "--log-format", "json") + more

    @quick
    def test_one_object_for_a_failed_call(self):
        result = self.runtime.refuses("state", "nobody", options=self.json_options())
        # Podman decodes the whole file as one object.
        entry = json.loads(self.content())
        self.assertEqual(set(entry), {"level", "msg", "time"})
        self.assertEqual(entry["level"], "error")
        self.assertRegex(entry["time"], RFC3339)
        self.assertIn("container does not exist", entry["msg"])
        # containerd and CRI-O match the text on stderr as well.
        self.assertIn(entry["msg"], result.stderr)

    @quick
    def test_one_object_for_a_failure_in_the_container(self):
        bundle = self.bundle("/nope")
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id(), options=self.json_options())
        entry = json.loads(self.content())
        self.assertEqual(entry["level"], "error")
        self.assertIn("no such file or directory", entry["msg"].lower())
        self.assertIn("no such file or directory", result.stderr.lower())

    def test_one_object_even_after_a_warning(self):
        def change(bundle):
            bundle.grant("CAP_WALK_THE_PLANK")
            bundle.process["args"] = ["/nope"]
        bundle = self.bundle(change=change)
        self.runtime.refuses("create", "--bundle", bundle.path, self.new_id(), options=self.json_options())
        self.assertEqual([entry["level"] for entry in self.objects()], ["error"])

    def test_one_object_for_wrong_usage(self):
        for words in (("create",), ("state",), ("create", "--bundle"), ("create", "--nope", "x"), ("nope",)):
            with self.subTest(words):
                self.runtime.refuses(*words, options=self.json_options())
                self.assertEqual([entry["level"] for entry in self.objects()], ["error"])
                os.unlink(self.log)

    def test_special_characters(self):
        bundle = self.bundle("/no\"pe\\\n\t\x01é")
        self.runtime.refuses("create", "--bundle", bundle.path, self.new_id(), options=self.json_options())
        self.assertEqual(len(self.objects()), 1)

    @quick
    def test_it_is_appended_to(self):
        with open(self.log, "w") as file:
            file.write("{\"first\":1}\n")
        for _ in range(2):
            self.runtime.refuses("state", "nobody", options=self.json_options())
        entries = self.objects()
        self.assertEqual(entries[0], {"first": 1})
        self.assertEqual([entry["level"] for entry in entries[1:]], ["error", "error"])

    def test_nothing_for_a_call_that_succeeds(self):
        result = self.run_container("/bin/true", options=self.json_options())
        self.assertEqual((result.status, self.content()), (0, ""))

    def test_options_with_an_equals_sign(self):
        self.runtime.refuses("state", "nobody", options=("--log=" + self.log, "--log-format=json"))
        self.assertEqual(len(self.objects()), 1)

    def test_text_is_the_default(self):
        result = self.runtime.refuses("state", "nobody", options=("--log", self.log))
        self.assertIn("container does not exist", self.content())
        self.assertIn("container does not exist", result.stderr)
        self.assertEqual(len(self.content().splitlines()), 1)

    def test_text_format_by_name(self):
        self.runtime.refuses("state", "nobody", options=("--log", self.log, "--log-format", "text"))
        self.assertIn("container does not exist", self.content())

    def test_unknown_format(self):
        self.assert_one_line(self.runtime.refuses("list", options=("--log-format", "xml")), "xml")

    def test_a_log_that_cannot_be_opened(self):
        path = os.path.join(self.directory, "missing", "log")
        result = self.runtime.refuses("list", options=("--log", path))
        self.assert_one_line(result, "no such file or directory", path)

    def test_debug_lines(self):
        result = self.run_container("/bin/true", options=("--debug",))
        self.assertEqual(result.status, 0)
        self.assertIn("level=debug", result.stderr)

    def test_debug_lines_in_the_log(self):
        result = self.run_container("/bin/true", options=self.json_options("--debug"))
        self.assertEqual(result.status, 0)
        self.assertIn("debug", {entry["level"] for entry in self.objects()})

    def test_debug_adds_no_second_error(self):
        self.runtime.refuses("state", "nobody", options=self.json_options("--debug"))
        self.assertEqual([entry["level"] for entry in self.objects()].count("error"), 1)

    def test_a_warning_is_logged_when_the_call_succeeds(self):
        result = self.run_container("/bin/true", change=lambda bundle: bundle.grant("CAP_WALK_THE_PLANK"),
                                    options=self.json_options())
        self.assertEqual(result.status, 0, str(result))
        entries = self.objects()
        self.assertEqual([entry["level"] for entry in entries], ["warning"])
        self.assertIn("CAP_WALK_THE_PLANK", entries[0]["msg"])

    def test_level(self):
        self.run_container("/bin/true", options=self.json_options("--log-level", "debug"))
        self.assertIn("debug", {entry["level"] for entry in self.objects()})
        os.unlink(self.log)
        grant = lambda bundle: bundle.grant("CAP_WALK_THE_PLANK")  # noqa: E731
        self.run_container("/bin/true", change=grant, options=self.json_options("--log-level", "error"))
        self.assertEqual(self.content(), "")
        self.assert_one_line(self.runtime.refuses("list", options=("--log-level", "loud")), "loud")

    def test_level_in_the_words_of_youki(self):
        self.run_container("/bin/true", options=self.json_options("--log-level", "trace"))
        self.assertIn("debug", {entry["level"] for entry in self.objects()})
        os.unlink(self.log)
        self.run_container("/bin/true", change=lambda bundle: bundle.grant("CAP_WALK_THE_PLANK"),
                           options=self.json_options("--log-level", "warn"))
        self.assertEqual([entry["level"] for entry in self.objects()], ["warning"])

    def test_file_scheme(self):
        self.runtime.refuses("state", "nobody", options=("--log", "file:" + self.log))
        self.assertIn("container does not exist", self.content())


class Daemons(ContainerCase):
    """A socket of ours where the journal's or syslog's would be, in a mount namespace of the runtime's own."""

    def listen(self, path):
        directory = os.path.join(self.directory, "daemon")
        os.makedirs(os.path.join(directory, os.path.dirname(path)), exist_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(os.path.join(directory, path))
        listener.settimeout(5)
        return directory, listener

    @staticmethod
    def show(directory, place):
        def before():
            kernel.unshare(kernel.CLONE_NEWNS)
            kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
            kernel.mount(directory, place, "", kernel.MS_BIND)
        return before

    def test_journal(self):
        directory, listener = self.listen("systemd/journal/socket")
        self.runtime.refuses("state", "nobody", options=("--log", "journald:web"), before=self.show(directory, "/run"))
        fields = dict(line.split("=", 1) for line in listener.recv(65536).decode().splitlines())
        self.assertEqual((fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]), ("3", "web"))
        self.assertIn("container does not exist", fields["MESSAGE"])

    def test_journal_by_youkis_name(self):
        directory, listener = self.listen("systemd/journal/socket")
        self.runtime.refuses("state", "nobody", options=("--systemd-log",), before=self.show(directory, "/run"))
        fields = dict(line.split("=", 1) for line in listener.recv(65536).decode().splitlines())
        self.assertEqual((fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]), ("3", "orlop"))
        self.assertIn("container does not exist", fields["MESSAGE"])
        result = self.runtime.refuses("list", options=("--systemd-log", "--log", "/dev/null"))
        self.assert_one_line(result, "--log and --systemd-log exclude each other")

    def test_syslog(self):
        directory, listener = self.listen("log")
        result = self.runtime.refuses("state", "nobody", options=("--log=syslog:",), before=self.show(directory, "/dev"))
        message = listener.recv(65536).decode()
        self.assertRegex(message, r"^<\d+>.*orlop(\[\d+\])?: .*container does not exist")
        self.assertIn("container does not exist", result.stderr)

    def test_nobody_listens(self):
        directory, _ = self.listen("log")
        for where in ("syslog:x", "journald:x"):
            def before(place="/dev" if where == "syslog:x" else "/run"):
                self.show(os.path.join(directory, "empty"), place)()
            os.makedirs(os.path.join(directory, "empty"), exist_ok=True)
            self.assert_one_line(self.runtime.refuses("list", options=("--log", where), before=before), "no such file")


if __name__ == "__main__":
    runner.main()
