"""Orders of a file, each member's together and in order of time, in bounded memory: sorted runs on disk, merged when
they are posted.

Only the order within a member matters to what she earns. Members one after the other mean that a batch loads, locks
and writes few of them, each once for many orders.

Rows of one order usually lie together; where they do not, its parts are found by the hash of its number and joined.
The result depends on the file and the mapping alone, so a position in it means the same after every restart.
"""

from __future__ import annotations

import heapq
import json
import os
import re
import shutil
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import BinaryIO

import msgspec

from regulars.flows.imports.orders import Fragment, OrderReader, join
from regulars.flows.imports.reading import Table
from regulars.flows.imports.targets import MEMBER_KEYS
from regulars.flows.imports.types import Item, Mapping

RUN_BYTES = 32 << 20
PART_FRAGMENTS = 50_000
_HEADER = Struct("<QqqI")  # member, instant, first row, length of the body
_MANIFEST = "manifest.json"
_DIGITS = re.compile(r"\D+")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Fragment).decode

Told = Callable[[int, float], None]  # rows read, share of the file


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging found: how many rows and orders, and which stores the orders name."""

    rows: int
    items: int
    stores: tuple[str, ...]
    key: str


def member_hash(head: dict[str, str]) -> int:
    """A number for the member an order names: one member's orders go to one writer, one after the other."""
    key = next((k for k in MEMBER_KEYS if head.get(k)), "")
    value = head.get(key, "")
    if key == "phone":
        value = _DIGITS.sub("", value)[-11:]
    text = f"{key}\x1f{value.strip().casefold()}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def stage(directory: Path, table: Table, reader: OrderReader, *, shards: int, key: str, told: Told) -> Staged:
    """Read a table into sorted runs, one set for each writer. `key` names what the result depends on."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
    runs = _Runs(directory, "run", shards)
    hashes = array("Q")
    stores: set[str] = set()
    rows = 0
    open_: Fragment | None = None
    columns = table.columns(reader.headers)

    def keep(fragment: Fragment) -> None:
        hashes.append(_hash(fragment))
        store = fragment.head.get("store")
        if store:
            stores.add(store)
        runs.add(fragment)

    for first_row, cells, share in table.read(columns):
        made = reader.fragments(first_row, cells, open_)
        open_ = made.pop() if made else None
        for fragment in made:
            keep(fragment)
        rows += len(cells)
        told(rows, share)
    if open_ is not None:
        keep(open_)
    runs.close()
    repeated = _repeated(hashes)
    items = len(hashes)
    if repeated:
        items = _join_parts(directory, runs, repeated, shards)
    staged = Staged(rows, items, tuple(sorted(stores)), key)
    text = json.dumps({"rows": rows, "items": items, "stores": staged.stores, "key": key})
    aside = directory / "manifest.tmp"
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, directory / _MANIFEST)
    return staged


def find(directory: Path, key: str) -> Staged | None:
    """What was staged before from the same file by the same mapping, if it is whole."""
    try:
        kept = json.loads((directory / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Staged(kept["rows"], kept["items"], tuple(kept["stores"]), key) if kept["key"] == key else None


@dataclass(frozen=True, slots=True)
class StagedFeed:
    """The staged orders of one writer: member by member, each oldest first."""

    directory: Path
    mapping: Mapping
    currency: str
    timezone: str
    store_codes: dict[str, str]

    def items(self, *, shard: int, shards: int, skip: int) -> Iterator[Item]:
        codes = self.store_codes
        reader = OrderReader(
            self.mapping,
            currency=self.currency,
            timezone=self.timezone,
            store_codes=lambda given: codes.get(given, given),
        )
        runs = [_records(path) for path in sorted(self.directory.glob(f"run-*-{shard}"))]
        for *_, body in islice(heapq.merge(*runs), skip, None):
            fragment = _decode(body)
            activity, wrong = reader.order(fragment)
            yield Item(activity, fragment.rows, wrong)


class _Runs:
    """Buffers that are sorted and written out as runs when they are full."""

    def __init__(self, directory: Path, name: str, shards: int) -> None:
        self._directory = directory
        self._name = name
        self._buffers: list[list[tuple[int, int, int, bytes]]] = [[] for _ in range(shards)]
        self._size = 0
        self._count = 0

    def add(self, fragment: Fragment) -> None:
        body = _encode(fragment)
        member = member_hash(fragment.head)
        shard = member % len(self._buffers)
        self._buffers[shard].append((member, fragment.at, fragment.rows[0], body))
        self._size += len(body) + 120
        if self._size > RUN_BYTES:
            self.flush()

    def flush(self) -> None:
        for shard, buffer in enumerate(self._buffers):
            if buffer:
                buffer.sort()
                path = self._directory / f"{self._name}-{self._count:05d}-{shard}"
                with path.open("wb", buffering=1 << 20) as file:
                    for member, at, row, body in buffer:
                        file.write(_HEADER.pack(member, at, row, len(body)))
                        file.write(body)
                buffer.clear()
        self._count += 1
        self._size = 0

    close = flush


def _records(path: Path) -> Iterator[tuple[int, int, int, bytes]]:
    with path.open("rb", buffering=1 << 18) as file:
        while header := file.read(_HEADER.size):
            member, at, row, length = _HEADER.unpack(header)
            yield member, at, row, file.read(length)


def _hash(fragment: Fragment) -> int:
    if not fragment.number:
        return 0
    text = f"{fragment.source}\x1f{fragment.number}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") | 1


def _repeated(hashes: array[int]) -> frozenset[int]:
    """Hashes that come more than once; 0 stands for rows without a number and is never repeated."""
    ordered = sorted(hashes)
    return frozenset(a for a, b in zip(ordered, islice(ordered, 1, None), strict=False) if a == b and a)


def _join_parts(directory: Path, runs: _Runs, repeated: frozenset[int], shards: int) -> int:
    """Join orders whose rows lie apart; returns the number of orders. Parts go to files by hash, each small enough
    to be joined in memory."""
    old = sorted(directory.glob("run-*"))
    parts = max(1, len(repeated) // PART_FRAGMENTS + 1)
    files: list[BinaryIO] = [(directory / f"part-{n}").open("wb") for n in range(parts)]
    whole = _Runs(directory, "whole", shards)
    items = 0
    for path in old:
        for member, at, row, body in _records(path):
            fragment = _decode(body)
            key = _hash(fragment)
            if key in repeated:
                file = files[key // 2 % parts]
                file.write(_HEADER.pack(member, at, row, len(body)))
                file.write(body)
            else:
                whole.add(fragment)
                items += 1
        path.unlink()
    for number, file in enumerate(files):
        file.close()
        path = directory / f"part-{number}"
        together: dict[tuple[str, str], list[Fragment]] = {}
        for *_, body in sorted(_records(path), key=lambda record: record[2]):
            fragment = _decode(body)
            together.setdefault((fragment.source, fragment.number), []).append(fragment)
        for fragments in together.values():
            whole.add(join(fragments))
            items += 1
        path.unlink()
    whole.close()
    for path in sorted(directory.glob("whole-*")):
        path.rename(directory / path.name.replace("whole", "run"))
    return items


def needs(mapping: Mapping, headers: Sequence[str]) -> list[str]:
    """Columns of the mapping that the file does not have."""
    return [header for header in mapping.columns.values() if header not in headers]
