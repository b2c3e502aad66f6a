"""A kernel, or an engine's filter, without openat2(2), where the runtime has to walk a path by itself; or without another."""

import ctypes
import os
import struct

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBER = 437  # the same on every architecture
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_ERRNO, _ALLOW = 0x00050000, 0x7FFF0000
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def blocker(number, call=_NUMBER):
    """A function for a child before it executes the runtime: openat2, or the call of that number, fails with that errno from
    then on."""
    architecture = _ARCHITECTURES[os.uname().machine]
    rows = [
        (_LOAD, 0, 0, 4), (_JUMP_IF_EQUAL, 0, 3, architecture),
        (_LOAD, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 1, call),
        (_RETURN, 0, 0, _ERRNO | number), (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    program = _Program(len(rows), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)

    def block():
        if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")
    block.code = code  # lives as long as the function
    return block
