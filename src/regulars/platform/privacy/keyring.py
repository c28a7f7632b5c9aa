"""Keys of field encryption and of the blind index, and the two primitives that use them.

Encryption is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce under a key of its own per table and field,
derived by HKDF-SHA256 (RFC 5869) from a numbered master key. Table, field and owner are authenticated with the text,
so a value moved to another row, column or person does not open. The blind index is BLAKE2b keyed (RFC 7693) with a
key of its own that rotation leaves alone, as every stored hash depends on it.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_HEADER = struct.Struct(">BH")  # format, number of the key
_FORMAT = 1
_NONCE = 12


class CannotDecrypt(Exception):
    """The ciphertext was changed, moved, or made with a key that is not in the ring. Never says what it held."""


class Keyring:
    """Master keys by number; `current` encrypts, all decrypt."""

    def __init__(self, masters: Mapping[int, bytes], *, current: int, index_key: bytes) -> None:
        if current not in masters:
            raise ValueError("the current key is not in the ring")
        for number, key in masters.items():
            if not 0 <= number < 65536 or len(key) != 32:
                raise ValueError("a key has 32 bytes and a number below 65536")
        self._masters = dict(masters)
        self.current = current
        self._ciphers: dict[tuple[int, str, str], AESGCM] = {}
        self._index_key = derive(index_key, b"regulars blind index")

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(self._masters)

    def fingerprint(self, number: int) -> bytes:
        """Tells keys apart without telling anything of them."""
        return derive(self._masters[number], b"regulars key fingerprint")[:16]

    def encrypt(self, text: str, *, table: str, field: str, owner: UUID) -> bytes:
        header = _HEADER.pack(_FORMAT, self.current)
        nonce = os.urandom(_NONCE)
        sealed = self._cipher(self.current, table, field).encrypt(
            nonce, text.encode(), _context(header, table, field, owner)
        )
        return header + nonce + sealed

    def decrypt(self, sealed: bytes | memoryview, *, table: str, field: str, owner: UUID) -> str:
        """Raises `CannotDecrypt`."""
        data = bytes(sealed)
        if len(data) < _HEADER.size + _NONCE + 16:
            raise CannotDecrypt("too short")
        header, nonce, body = data[: _HEADER.size], data[_HEADER.size : _HEADER.size + _NONCE], data[15:]
        version, number = _HEADER.unpack(header)
        if version != _FORMAT or number not in self._masters:
            raise CannotDecrypt(f"no key {number} (format {version}) in the ring")
        try:
            cipher = self._cipher(number, table, field)
            return cipher.decrypt(nonce, body, _context(header, table, field, owner)).decode()
        except InvalidTag:
            raise CannotDecrypt("changed or moved") from None

    def number_of(self, sealed: bytes | memoryview) -> int:
        """Which key a ciphertext was made with."""
        return int(_HEADER.unpack(bytes(sealed[: _HEADER.size]))[1])

    def hash(self, text: str, *, purpose: str, size: int = 16) -> bytes:
        """Keyed hash of `text`; different purposes cannot be compared with each other."""
        person = hashlib.blake2b(purpose.encode(), digest_size=16).digest()
        return hashlib.blake2b(text.encode(), digest_size=size, key=self._index_key, person=person).digest()

    def _cipher(self, number: int, table: str, field: str) -> AESGCM:
        found = self._ciphers.get((number, table, field))
        if found is None:
            key = derive(self._masters[number], f"regulars field\x1f{table}\x1f{field}".encode())
            found = self._ciphers[number, table, field] = AESGCM(key)
        return found


def derive(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _context(header: bytes, table: str, field: str, owner: UUID) -> bytes:
    return header + owner.bytes + f"{table}\x1f{field}".encode()
