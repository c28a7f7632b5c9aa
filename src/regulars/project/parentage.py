"""Children that do not outlive their parent, however it dies (Linux; elsewhere they are only told when it can)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_STARTER = Path(__file__).parent / "embedded" / "demote.py"
VARIABLE = "REGULARS_END_WITH_PARENT"


def ending_with_parent(command: list[str]) -> list[str]:
    """The command, started so that the kernel kills it when its parent dies."""
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", str(_STARTER), "-1", "-1", "-1", str(int(signal.SIGKILL)), *command]


def end_with_parent() -> None:
    """The same for the calling process, which was forked and not started anew."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
