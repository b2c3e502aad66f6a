"""A console socket as an engine's monitor has one: it waits for the master side of the container's terminal."""

import array
import os
import socket

from .terminal import Terminal


class ConsoleSocket:
    """Listens at .path; receive() takes one connection with its one message."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "console.sock")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(4)
        self._listener.settimeout(10)

    def receive(self):
        """The terminal. Asserts what go-runc and conmon insist on: one message, one descriptor, 1 to 4095 bytes."""
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(10)
            payload, handles = _one_message(connection)
            assert len(handles) == 1, "%d descriptors" % len(handles)
            assert 1 <= len(payload) < 4096, "payload of %d bytes" % len(payload)
            more = connection.recv(100)
            assert more == b"", "a second message: %r" % more
        return Terminal(handles[0])

    def close(self):
        self._listener.close()


def _one_message(connection):
    room = socket.CMSG_SPACE(8 * 4)
    payload, ancillary, flags, _ = connection.recvmsg(4096, room)
    assert not flags & socket.MSG_CTRUNC, "more descriptors than there is room for"
    handles = array.array("i")
    rights = [each for each in ancillary if each[0] == socket.SOL_SOCKET and each[1] == socket.SCM_RIGHTS]
    assert len(rights) == len(ancillary) == 1, "%d control messages" % len(ancillary)
    handles.frombytes(rights[0][2][:len(rights[0][2]) // 4 * 4])
    return payload, list(handles)
