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
from collections.abc import Collection, Iterable
from typing import Any, Final

from bayes_escc.names import PlainMapping

__all__ = ["canonical", "entry_hash", "new_salt", "root_of", "salted", "sha256", "tombstone", "withdrawn"]

_SALT_BYTES: Final = 16
_TOMBSTONE_ROUNDS: Final = 20_000
_SIEVE_ROUNDS: Final = 200
_SIEVE_DIGITS: Final = 3
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

    Whoever can guess an identifier can test the guess, as this package does; the rounds make that slow. Twelve bits of
    a hash of fewer rounds stand before it, so that of many new identifiers few need the slow one.
    """
    return f"{_sieve(salt, unit)}.{_slow(salt, unit)}"


def withdrawn(salt: bytes, stones: Collection[str], units: Iterable[str]) -> list[str]:
    """Those of some identifiers that have a tombstone.

    Parameters
    ----------
    salt : bytes
    stones : collection of str
        Tombstones, also those of earlier versions, which have no sieve before them.
    units : iterable of str
    """
    known = {stone.rpartition(".")[2] for stone in stones}
    sieves = {stone.rpartition(".")[0] for stone in stones}
    return [u for u in units if ("" in sieves or _sieve(salt, u) in sieves) and _slow(salt, u) in known]


def _slow(salt: bytes, unit: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", unit.encode(), salt, _TOMBSTONE_ROUNDS).hex()


def _sieve(salt: bytes, unit: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", unit.encode(), b"sieve" + salt, _SIEVE_ROUNDS).hex()[:_SIEVE_DIGITS]


def entry_hash(entry: PlainMapping) -> str:
    """Hash of one entry of the log, over everything it says and the hash of the entry before it."""
    named = ("seq", "at", "who", "action", "why", "body", "previous")
    return sha256(canonical([entry[name] for name in named]))
