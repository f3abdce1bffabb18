"""Whether two rows speak of one trial: its name or registration, however they are written."""

from __future__ import annotations

import re
from typing import Final

from bayes_escc.names import normalise

__all__ = ["arm_key", "is_part_by_name", "registry_key", "trial_key"]

_WORDS: Final = frozenset({"trial", "study", "the"})
_CHINESE: Final = ("试验", "研究")


def trial_key(name: str) -> str:
    """A trial's name without what writers add or change: case, blanks, hyphens, "trial" and "study".

    Examples
    --------
    >>> trial_key("KEYNOTE-181 trial") == trial_key("Keynote 181")
    True
    """
    return "".join(_words(name)) or normalise(name).casefold()


def is_part_by_name(name: str, of: str) -> bool:
    """Whether a name is another and more, as a subpopulation or an update is called.

    Examples
    --------
    >>> is_part_by_name("KEYNOTE-181 (Asia)", "Keynote 181"), is_part_by_name("KEYNOTE-181", "KEYNOTE-181 trial")
    (True, False)
    """
    whole, part = _words(of), _words(name)
    return 0 < len(whole) < len(part) and part[: len(whole)] == whole


def _words(name: str) -> list[str]:
    text = normalise(name).casefold()
    for word in _CHINESE:
        text = text.removesuffix(word)
    return [w for w in re.findall(r"[^\W_]+", text) if w not in _WORDS]


def arm_key(study: str, regimen: str) -> tuple[str, str]:
    """An arm of a trial, however its trial and its regimen are written: tables of one paper name it alike.

    Examples
    --------
    >>> arm_key("The ESCORT trial", "Camrelizumab") == arm_key("Escort", "camrelizumab")
    True
    """
    return trial_key(study), normalise(regimen).casefold()


def registry_key(number: str) -> str:
    """A registration number without blanks, hyphens and case; blank where there is none.

    Examples
    --------
    >>> registry_key(" nct 0123-4567 ")
    'nct01234567'
    """
    return "".join(re.findall(r"[^\W_]+", normalise(number).casefold()))
