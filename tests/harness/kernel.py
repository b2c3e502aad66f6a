"""The few system calls that Python does not have."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
MS_RDONLY = 0x1
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SHARED = 0x100000
MNT_DETACH = 2

PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36


def _checked(value, what):
    if value < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return value


def unshare(flags):
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source, target, kind, flags, data=None):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _checked(
        _libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]),
        "mount %s on %s" % (source or kind, target),
    )


def unmount(target, flags=MNT_DETACH):
    _checked(_libc.umount2(os.fsencode(target), ctypes.c_int(flags)), "umount %s" % target)


def prctl(option, value):
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero), "prctl")


def adopt_orphans(wanted=True):
    """Makes this process the parent of its descendants' orphans, as a container engine's monitor does."""
    prctl(PR_SET_CHILD_SUBREAPER, 1 if wanted else 0)
