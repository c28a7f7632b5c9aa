"""Bytes on disk: written aside, synced, then named; the name is random and never a sender's."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text
from regulars.platform.files.types import Kind

_CHUNK = 1024 * 1024
_UNSAFE = re.compile(r"[\\/:*?\"<>|\x00-\x1f]+")
_PATH = re.compile(r"^[0-9a-f]{2}/[0-9a-f]{40}\.[a-z]{2,8}$")
_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/vnd.apache.parquet": (b"PAR1",),
}


def clean_name(name: str) -> str:
    """The last part of a sender's file name, without anything a file system or a header could trip over."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", last).strip(" .")[-150:] or "file"


def media_type(kind: Kind, name: str) -> tuple[str, str]:
    """(suffix, media type). Refuses what the kind does not take."""
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if suffix not in kind.media_types:
        allowed = ", ".join(kind.media_types)
        raise invalid_field("file", "bad_type", f"只接受 {allowed} 文件", f"Only {allowed} files are taken")
    return suffix, kind.media_types[suffix]


def write(source: BinaryIO, kind: Kind, suffix: str, type_: str) -> tuple[str, int, bytes]:
    """(path below the files directory, size, SHA-256). Refuses too large a file and one that is not what it says."""
    root = directory()
    incoming = root / "incoming"
    incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, aside = tempfile.mkstemp(dir=incoming)
    try:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as out:
            for chunk in _chunks(source):
                if size == 0 and not _begins(chunk, type_):
                    raise invalid_field(
                        "file", "bad_content", "文件内容与类型不符", "The content is not what the name says"
                    )
                size += len(chunk)
                if size > kind.max_bytes:
                    raise _too_large(kind.max_bytes)
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        random = secrets.token_hex(20)
        path = f"{random[:2]}/{random}.{suffix}"
        (root / path).parent.mkdir(exist_ok=True, mode=0o700)
        os.rename(aside, root / path)
        return path, size, digest.digest()
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def place(path: str) -> Path:
    """Where a file's bytes lie. Refuses a path that `write` did not make."""
    if not _PATH.match(path):
        raise ValueError("not a stored file's path")
    return directory() / path


def directory() -> Path:
    return Path(settings.FILES_DIRECTORY)


def all_paths(older_than: float) -> Iterator[str]:
    """Stored files, and those left in the middle of writing, not touched since the Unix time."""
    root = directory()
    for found in root.glob("*/*"):
        if found.is_file() and found.stat().st_mtime < older_than:
            yield str(found.relative_to(root))


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def _begins(chunk: bytes, type_: str) -> bool:
    beginnings = _BEGINNINGS.get(type_)
    if beginnings is None:
        return b"\x00" not in chunk[:4096] or chunk[:2] in (b"\xff\xfe", b"\xfe\xff")
    return chunk.startswith(beginnings) and (type_ != "image/webp" or chunk[8:12] == b"WEBP")


def _too_large(limit: int) -> Refusal:
    megabytes = limit // (1024 * 1024)
    return Refusal(
        "too_large",
        Text("文件超过 {m} MB", "The file is larger than {m} MB").format(m=megabytes),
        status=413,
        data={"max_bytes": limit},
    )
