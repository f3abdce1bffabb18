"""The catalogue of what stands in figures, in English and Chinese; holes stand for names, numbers and terms."""

from __future__ import annotations

from typing import Final

__all__ = ["FIGURES"]

FIGURES: Final[tuple[tuple[str, str], ...]] = ()
