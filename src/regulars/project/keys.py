"""Secrets the installation needs: taken from the environment, otherwise made once and kept in the data directory."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path

from regulars.project.plainly import PlainError


def text_secret(name: str, *, variable: str, directory: Path) -> str:
    """The secret `name` as text: from the environment variable, or from `directory/keys/name` (0600, made once)."""
    return os.environ.get(variable) or _kept(directory / "keys" / name, secrets.token_urlsafe(48))


def key_32(name: str, *, variable: str, directory: Path) -> bytes:
    """A 256-bit key, written as base64: from the environment variable, or from `directory/keys/name`."""
    fresh = base64.b64encode(secrets.token_bytes(32)).decode()
    return _decoded(variable, os.environ.get(variable) or _kept(directory / "keys" / name, fresh))


def numbered_keys(variable: str) -> dict[int, bytes]:
    """The keys of `VARIABLE_2`, `VARIABLE_3` … by their numbers."""
    found: dict[int, bytes] = {}
    for name, text in os.environ.items():
        number = name.removeprefix(f"{variable}_")
        if number != name and number.isdecimal() and int(number) > 1:
            found[int(number)] = _decoded(name, text)
    return found


def _decoded(variable: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise PlainError(
            zh=f"{variable} 必须是 32 字节密钥的 base64 文本。",
            en=f"{variable} must be a key of 32 bytes written as base64.",
        )
    return key


def _kept(path: Path, fresh: str) -> str:
    """The file's text; when it does not exist it is made of `fresh`, whole or not at all, by one of all askers."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(fresh + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return path.read_text().strip()
    finally:
        os.unlink(name)
    return fresh
