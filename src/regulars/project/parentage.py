"""Children that do not outlive their parent, however it dies (Linux; elsewhere they are only told when it can)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_STARTER = Path(__file__).parent / "embedded" / "demote.py"
_VARIABLE = "REGULARS_END_WITH_PARENT"


def ending_with_parent(command: list[str]) -> list[str]:
    """The command, started so that the kernel kills it when its parent, this process, dies."""
    if sys.platform != "linux":
        return command
    who = ["-1", "-1", "-1", str(int(signal.SIGKILL)), str(os.getpid())]
    return [sys.executable, "-I", "-S", str(_STARTER), *who, *command]


def announce_parent() -> None:
    """Before forking: let the children know whom to end with."""
    os.environ[_VARIABLE] = str(os.getpid())


def end_with_parent() -> None:
    """In a forked child, as early as it can: end when the announced parent does, at once if it is gone already."""
    parent = os.environ.get(_VARIABLE)
    if sys.platform != "linux" or parent is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != int(parent):
        os._exit(1)
