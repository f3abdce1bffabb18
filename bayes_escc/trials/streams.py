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
    blocks = -(-each // 2)
    number = np.arange(first, first + trials, dtype=np.uint64)
    counter = np.empty((trials, blocks, 4), dtype=np.uint64)
    counter[..., 0] = np.arange(blocks, dtype=np.uint64)
    counter[..., 1] = np.uint64(PURPOSES.index(purpose) + (column << 8))
    counter[..., 2] = (number & _LOW)[:, None]
    counter[..., 3] = (number >> _HALF)[:, None]
    words = philox(counter, key)
    # 53 of 64 bits, from two words, in the middle of their cell
    bits = (words[..., 0::2] << np.uint64(21)) ^ (words[..., 1::2] >> np.uint64(11))
    values = ((bits & np.uint64((1 << 53) - 1)).astype(np.float64) + 0.5) / float(1 << 53)
    return values.reshape(trials, 2 * blocks)[:, :each]
