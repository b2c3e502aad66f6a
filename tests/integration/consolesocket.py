#!/usr/bin/python3
"""create and run --detach with a terminal: its master side goes to the console socket."""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402
from harness.console import ConsoleSocket  # noqa: E402


def with_terminal(bundle):
    bundle.process["terminal"] = True


class Console(ContainerCase):
    def console(self):
        console = ConsoleSocket(self.directory)
        self.addCleanup(console.close)
        return console

    def terminal_of(self, console):
        terminal = console.receive()
        self.addCleanup(terminal.close)
        return terminal

    @quick
    def test_create(self):
        console = self.console()
        name, _ = self.create("/bin/probe", "report", "terminals", "fds", "ids", "+", "line", change=with_terminal,
                              words=("--console-socket", console.path))
        terminal = self.terminal_of(console)
        terminal.resize(40, 100)
        self.runtime.ok("start", name)
        seen = terminal.read_json()
        self.assertEqual((seen["terminals"]["0"]["rows"], seen["terminals"]["0"]["columns"]), (40, 100))
        self.assertTrue(seen["terminals"]["controlling"])
        self.assertEqual({each["target"] for each in seen["fds"].values()}, {"/dev/pts/0"})
        terminal.type("cargo\n")
        self.assertEqual(terminal.read_json(), {"line": "cargo"})
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)

    @quick
    def test_run_detached(self):
        console = self.console()
        bundle = self.bundle("/bin/probe", "wait-signal", "1", change=with_terminal)
        name = self.new_id()
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, "--console-socket", console.path, name)
        terminal = self.terminal_of(console)
        terminal.read_until("ready")
        terminal.type("\x03")
        self.assertEqual(terminal.read_json()["signal"], 2)
        self.runtime.wait_for(name, "stopped")

    def test_newlines(self):
        """Who holds the master side decides about \\r: as with runc it is on, or under containerd lines would run down like
        stairs; conmon sets it anyway."""
        console = self.console()
        name, _ = self.create("/bin/probe", "say", "one", "+", "say", "two", change=with_terminal,
                              words=("--console-socket", console.path))
        terminal = self.terminal_of(console)
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(terminal.read_rest(), b"one\r\ntwo\r\n")

    def test_newlines_of_exec(self):
        console = self.console()
        name = self.start_sleeper()
        self.runtime.ok("exec", "--detach", "--tty", "--console-socket", console.path, name, "/bin/probe", "say", "one")
        self.assertEqual(self.terminal_of(console).read_rest(), b"one\r\n")

    def test_console_size_of_the_configuration(self):
        """Nobody else sets a size here."""
        def change(bundle):
            with_terminal(bundle)
            bundle.process["consoleSize"] = {"height": 12, "width": 34}
        self.need_support(change)
        console = self.console()
        name, _ = self.create("/bin/probe", "report", "terminals", change=change,
                              words=("--console-socket", console.path))
        terminal = self.terminal_of(console)
        self.runtime.ok("start", name)
        seen = terminal.read_json()["terminals"]["0"]
        self.assertEqual((seen["rows"], seen["columns"]), (12, 34))

    def test_output_after_the_end_can_still_be_read(self):
        console = self.console()
        name, _ = self.create("/bin/probe", "flood", "3000", change=with_terminal,
                              words=("--console-socket", console.path))
        terminal = self.terminal_of(console)
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(len(terminal.read_rest().replace(b"\r\n", b"\n")), 3000)

    @quick
    def test_a_terminal_needs_a_socket_when_nobody_relays(self):
        bundle = self.bundle("/bin/true", change=with_terminal)
        for words in (("create",), ("run", "--detach")):
            result = self.runtime.refuses(*words, "--bundle", bundle.path, self.new_id())
            self.assertEqual(result.status, 1)
            self.assert_one_line(result, "console socket")
            self.assert_nothing_left()

    def test_a_socket_that_is_not_there(self):
        path = os.path.join(self.directory, "nothing.sock")
        bundle = self.bundle("/bin/true", change=with_terminal)
        result = self.runtime.refuses("create", "--bundle", bundle.path, "--console-socket", path, self.new_id())
        self.assert_one_line(result, "no such file or directory", path)
        self.assert_nothing_left()

    def test_a_socket_where_nobody_listens(self):
        path = os.path.join(self.directory, "dead.sock")
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        dead.bind(path)
        dead.close()
        bundle = self.bundle("/bin/true", change=with_terminal)
        result = self.runtime.refuses("create", "--bundle", bundle.path, "--console-socket", path, self.new_id())
        self.assert_one_line(result, "connection refused", path)
        self.assert_nothing_left()

    def test_a_path_longer_than_a_sockets_address(self):
        deep = os.path.join(self.directory, "d" * 120)
        os.mkdir(deep)
        link = os.path.join(self.directory, "c")
        os.symlink(deep, link)
        console = ConsoleSocket(link)
        self.addCleanup(console.close)
        name, _ = self.create("/bin/probe", "say", "far", change=with_terminal,
                              words=("--console-socket", os.path.join(deep, "console.sock")))
        terminal = self.terminal_of(console)
        self.runtime.ok("start", name)
        terminal.read_until("far")


if __name__ == "__main__":
    runner.main()
