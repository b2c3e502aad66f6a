"""As much of a client of the Container Runtime Interface (kubernetes' runtime.v1) as a test of a runtime needs: gRPC by
curl, messages by hand. A message is a dictionary: values by the numbers of their fields."""

import os
import subprocess
import tempfile

VARINT, BYTES = 0, 2
SERVICE = "http://localhost/runtime.v1.RuntimeService/"


def _varint(number):
    number &= (1 << 64) - 1  # a negative one is a long one
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def encode(message):
    out = b""
    for field, values in message.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += _varint(field << 3 | VARINT) + _varint(value)
                continue
            data = encode(value) if isinstance(value, dict) else value.encode() if isinstance(value, str) else value
            out += _varint(field << 3 | BYTES) + _varint(len(data)) + data
    return out


def _read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return number, at


def decode(data):
    """The last value of each field; messages and texts are bytes."""
    found, at = {}, 0
    while at < len(data):
        key, at = _read_varint(data, at)
        assert key & 7 in (VARINT, BYTES), "wire type %d" % (key & 7)
        value, at = _read_varint(data, at)
        if key & 7 == BYTES:
            value, at = data[at:at + value], at + value
        found[key >> 3] = value
    return found


class Refused(Exception):
    """The service has answered with an error."""


class Client:
    def __init__(self, socket, seconds):
        self.socket = socket
        self.seconds = seconds

    def call(self, method, message=None):
        """One request, one response."""
        data = encode(message or {})
        with tempfile.NamedTemporaryFile() as headers:
            done = subprocess.run([
                "curl", "--silent", "--show-error", "--http2-prior-knowledge", "--unix-socket", self.socket,
                "--dump-header", headers.name, "--header", "content-type: application/grpc", "--header", "te: trailers",
                "--data-binary", "@-", SERVICE + method,
            ], input=b"\0" + len(data).to_bytes(4, "big") + data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=self.seconds, env=dict(os.environ, no_proxy="*"), check=False)
            said = dict(line.split(": ", 1) for line in headers.read().decode().splitlines() if ": " in line)
        if done.returncode or said.get("grpc-status") != "0":
            raise Refused("%s: %s %s" % (method, said.get("grpc-message", ""), done.stderr.decode()))
        return decode(done.stdout[5:])
