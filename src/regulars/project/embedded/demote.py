"""Start a program as another user: python -I -S demote.py UID GID CAPABILITY DEATH_SIGNAL PARENT PROGRAM …

PostgreSQL refuses to run as root. UID -1 keeps the user. CAPABILITY (a number, -1 for none) is the one right taken
along: to pass through directories the user may not enter, such as a data directory below /root. DEATH_SIGNAL (0 for
none) is sent by the kernel when PARENT, the process that started this one, dies. Nothing of the project is imported
here, so that it starts at once.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_SECUREBITS = 1, 8, 28
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_SETPCAP = 8
_CAPABILITY_VERSION_3 = 0x20080522


def _checked(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _hold_only(libc: ctypes.CDLL, *capabilities: int) -> None:
    mask = sum(1 << capability for capability in capabilities)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _checked(libc.capset(header, data), "set capabilities")


def main() -> None:
    uid, gid, capability, death_signal, parent = (int(word) for word in sys.argv[1:6])
    libc = ctypes.CDLL(None, use_errno=True) if capability >= 0 or death_signal else None
    if uid >= 0:
        if libc and capability >= 0:
            _checked(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        if libc and capability >= 0:
            # access(2), which PostgreSQL asks about its own programs, overlooks capabilities without this bit
            _hold_only(libc, capability, _CAP_SETPCAP)
            _checked(libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "set secure bits")
            _hold_only(libc, capability)
            _checked(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0), "pass it on")
    if libc and death_signal:
        _checked(libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "death signal")
        if os.getppid() != parent:
            sys.exit(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(sys.argv[6], sys.argv[6:])


main()
