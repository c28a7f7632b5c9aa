"""One plain sentence for the person at the terminal, in her language."""

from __future__ import annotations

import os


def speaks_chinese() -> bool:
    """Whether the terminal's locale (LC_ALL, LC_MESSAGES, LANG, in this order) asks for Chinese."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return value.lower().startswith("zh")
    return False


def say(*, zh: str, en: str) -> str:
    """The one of the two texts that suits the terminal."""
    return zh if speaks_chinese() else en


class PlainError(Exception):
    """Something the operator can put right; shown as one sentence, never as a traceback."""

    def __init__(self, *, zh: str, en: str, exit_code: int = 1) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.exit_code = exit_code

    def __str__(self) -> str:
        return say(zh=self.zh, en=self.en)
