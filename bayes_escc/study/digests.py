"""Digests of a record: what is chained, what is salted, and why a patient can be erased.

Two kinds of digest. *Content that stays* (an analysis, a result, draws) is digested as it is. *Content that
may have to be erased* (a patient's row, a change named after a patient, the digest of a source file) is
digested together with a random salt; only this digest enters snapshots and the log. When the content is
erased, its salt goes with it, and the digest that stays says nothing any more: it cannot be tested against a
guess. So the log remains verifiable after an erasure, and remembers no one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Any, Final

from bayes_escc.names import PlainMapping

__all__ = ["canonical", "entry_hash", "new_salt", "root_of", "salted", "sha256", "tombstone"]

_SALT_BYTES: Final = 16
_TOMBSTONE_ROUNDS: Final = 20_000
_encode: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no blanks, no NaN."""
    return _encode(value)


def sha256(content: str | bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def new_salt() -> bytes:
    """A random salt for one piece of content."""
    return secrets.token_bytes(_SALT_BYTES)


def salted(salt: bytes, content: Any) -> str:
    """Digest of content that may be erased later, together with its salt."""
    return sha256(salt + canonical(content).encode())


def root_of(header: PlainMapping, digests: Iterable[str]) -> str:
    """Digest of a set of digests (in any order) under a header."""
    return sha256("\n".join([canonical(header), *sorted(digests)]))


def tombstone(salt: bytes, unit: str) -> str:
    """What stays of a withdrawn patient: enough to recognise the identifier if it comes again.

    Whoever can guess an identifier can test the guess, as this package does; the rounds make that slow.
    """
    return hashlib.pbkdf2_hmac("sha256", unit.encode(), salt, _TOMBSTONE_ROUNDS).hex()


def entry_hash(entry: PlainMapping) -> str:
    """Hash of one entry of the log, over everything it says and the hash of the entry before it."""
    named = ("seq", "at", "who", "action", "why", "body", "previous")
    return sha256(canonical([entry[name] for name in named]))
