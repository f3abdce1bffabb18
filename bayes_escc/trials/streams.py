"""Random numbers that depend on the seed, the trial and the purpose alone.

Philox-4x32-10 is a function of a counter: the numbers of trial 4711 are the same whichever worker makes them, in
whatever order, however many trials are asked for. One uniform per patient and purpose, used through an inverse
distribution function: so a trial of 60 patients is the beginning of the same trial of 80, and two designs that are
compared meet the same patients.

References
----------
Salmon JK, Moraes MA, Dror RO, Shaw DE. Parallel random numbers: as easy as 1, 2, 3. SC11 (2011).
"""

from __future__ import annotations

import hashlib
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["PURPOSES", "philox", "uniforms"]

Array = NDArray[np.float64]

PURPOSES: Final = (
    "order in block",
    "entry",
    "drop-out",
    "response",
    "event",
    "truth",
    "covariate",
    "registry row",
)
"""What a stream is for; the place in this list is part of the counter and never changes."""

_MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


def philox(counter: NDArray[np.uint64], key: tuple[int, int]) -> NDArray[np.uint64]:
    """Ten rounds of Philox on counters of four 32-bit words.

    Parameters
    ----------
    counter : array of shape (..., 4)
        Words of 32 bits, held in 64.
    key : tuple of int
        Two words of 32 bits.

    Returns
    -------
    array of shape (..., 4)
    """
    c0, c1, c2, c3 = (counter[..., i] for i in range(4))
    k0, k1 = key
    for _ in range(10):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (p1 >> _HALF) ^ c1 ^ np.uint64(k0),
            p1 & _LOW,
            (p0 >> _HALF) ^ c3 ^ np.uint64(k1),
            p0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1)


def uniforms(seed: int, purpose: str, first: int, trials: int, each: int, column: int = 0) -> Array:
    """Uniform numbers between 0 and 1, never at either end.

    Parameters
    ----------
    seed : int
    purpose : str
        One of `PURPOSES`.
    first, trials : int
        Number of the first trial, and how many.
    each : int
        Numbers per trial; asking for more leaves the earlier ones as they are.
    column : int
        Tells streams of one purpose apart, such as those of several covariates.

    Returns
    -------
    array of shape (trials, each)
    """
    digest = hashlib.sha256(f"bayes_escc design {seed}".encode()).digest()
    key = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little"))
    values = np.empty((trials, 2 * -(-each // 2)))
    _fill(values, np.uint64(PURPOSES.index(purpose) + (column << 8)), np.uint64(first), *_schedule(key))
    return values[:, :each]


def _schedule(key: tuple[int, int]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The two words of the key in each of ten rounds."""
    rounds = [[(k + i * weyl) & 0xFFFFFFFF for i in range(10)] for k, weyl in zip(key, _WEYL, strict=True)]
    return np.array(rounds[0], dtype=np.uint64), np.array(rounds[1], dtype=np.uint64)


@numba.njit(cache=True)
def _fill(values, purpose, first, k0, k1):  # type: ignore[no-untyped-def]
    """Uniforms of consecutive trials, two from each block of four words; the rounds are those of `philox`."""
    a, b = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for t in range(values.shape[0]):
        number = first + np.uint64(t)
        for block in range(values.shape[1] // 2):
            c0, c1, c2, c3 = np.uint64(block), purpose, number & low, number >> half
            for i in range(10):
                p0, p1 = a * c0, b * c2
                c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ k0[i], p1 & low, (p0 >> half) ^ c3 ^ k1[i], p0 & low
            # 53 of 64 bits, from two words, in the middle of their cell
            for j, (high, other) in enumerate(((c0, c1), (c2, c3))):
                bits = ((high << np.uint64(21)) ^ (other >> np.uint64(11))) & np.uint64((1 << 53) - 1)
                values[t, 2 * block + j] = (float(bits) + 0.5) / 9007199254740992.0
