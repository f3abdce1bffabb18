"""The vocabulary: names of dimensions, groups, scales and directions, and how numbers are written, said once.

These strings are public: they appear in saved files, in `result.json` and in the DataTree.
"""

from __future__ import annotations

import math
import os
import shlex
import unicodedata
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "AGAINST",
    "CATEGORY",
    "CHAIN",
    "COVARIATE",
    "COVARIATE_WORDS",
    "DESIGNS",
    "DETECTING_SCAN",
    "DRAW",
    "ENDPOINT",
    "ESTIMANDS",
    "FIGURE_DATA",
    "HORIZON",
    "INTERVAL",
    "LABEL_DIMS",
    "LAWS",
    "LEFT_OUT",
    "MONITORING",
    "OWN_EFFECTS",
    "REGIMEN",
    "SAMPLE_DIMS",
    "STUDY",
    "TIME",
    "TOGETHER",
    "VERSION",
    "WEIGHTS",
    "AnyArray",
    "Direction",
    "NotebookView",
    "Plain",
    "PlainMapping",
    "Scale",
    "as_typed",
    "covariate_in_words",
    "format_number",
    "format_probability",
    "normalise",
]

type Plain = dict[str, Any]
"""Plain data by key, as JSON, TOML and the results hold them."""

type PlainMapping = Mapping[str, Any]
"""Plain data that are read only."""

type AnyArray = np.ndarray[Any, Any]
"""An array of any shape and type."""

VERSION = "0.1.0"
"""Of the package; the build reads it here."""

CHAIN: Final = "chain"
DRAW: Final = "draw"
SAMPLE_DIMS: Final = (CHAIN, DRAW)

REGIMEN: Final = "regimen"
AGAINST: Final = "against"
"""Second label of a pair of regimens."""
STUDY: Final = "study"
ENDPOINT: Final = "endpoint"
CATEGORY: Final = "category"
TIME: Final = "time"
COVARIATE: Final = "covariate"
HORIZON: Final = "horizon"
"""The time to which a restricted mean goes; reported as `time`."""
INTERVAL: Final = "interval"

LABEL_DIMS: Final = (REGIMEN, STUDY, ENDPOINT, TIME, COVARIATE)
"""Coordinates that label a reported number, in the order of the result rows."""

ESTIMANDS: Final = "estimands"
"""Group of the DataTree that holds the estimands, beside ArviZ's own groups."""

FIGURE_DATA: Final = "figure_data"
"""Group that holds curves on a grid, for figures."""

DETECTING_SCAN: Final = "detecting_scan"
"""Group that holds the estimands if progression is dated at the scan that found it, beside the interval result."""

LAWS: Final = "laws"
"""Group that holds the parameters of exact marginal posteriors where a closed form exists."""

WEIGHTS: Final = "study_weights"
"""Group that holds what every study is worth in a pooled effect."""

MONITORING: Final = "monitoring"
"""Group that holds, by rule, whether the study completed under each draw ends in success."""

TOGETHER: Final = "together"
"""Attribute of an estimand that names another: a comparison of either asks who is better in both."""
OWN_EFFECTS: Final[Mapping[str, str]] = {"own_effects": "yes"}
"""Attribute of the log-likelihood of a hierarchy: whoever is left out has an effect of its own, to be integrated."""

LEFT_OUT: Final = "left_out"
"""Attribute of a log-likelihood: the density of each unit given the others, by quadrature, as numbers in a text."""

DESIGNS: Final = ("randomised", "single-arm", "non-randomised")
"""How the patients of a study came to their regimens."""

NO_ANSWER: Final = "NOT CONVERGED: the fit failed its diagnostics, so there is no answer to read."
"""What is said in place of an answer."""

Direction = Literal["higher", "lower"]
Scale = Literal["difference", "ratio", "odds_ratio"]


COVARIATE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "nlr": ("NLR", "NLR"),
    "cd4_cd8": ("CD4/CD8", "CD4/CD8"),
    "ecog": ("ECOG", "ECOG评分"),
    "liver_metastasis": ("liver metastasis", "肝转移"),
    "age": ("age", "年龄"),
    "sex": ("sex", "性别"),
    "neutrophils": ("neutrophils", "中性粒细胞计数"),
    "lymphocytes": ("lymphocytes", "淋巴细胞计数"),
    "cd4": ("CD4", "CD4"),
    "cd8": ("CD8", "CD8"),
    "stage": ("stage", "分期"),
    "pd_l1": ("PD-L1", "PD-L1"),
    "pdl1": ("PD-L1", "PD-L1"),
    "line": ("line of treatment", "治疗线数"),
    "cps": ("PD-L1 CPS", "PD-L1 CPS"),
    "kps": ("KPS", "KPS评分"),
}
"""Columns that the package knows, as people say them, in English and Chinese."""


def as_typed(words: Iterable[str]) -> str:
    """Words as they are typed in this system's shell, quoted where the shell would read something into them."""
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(list(words))
    return shlex.join(words)


def covariate_in_words(label: str, stated: str | None = None, *, chinese: bool = False) -> str:
    """A covariate as people say it: what an analysis calls it, what is known of its column, or its name.

    Parameters
    ----------
    label : str
        A column, or one of its levels: ``"nlr"``, ``"ecog[>=1]"`` ("ECOG 1 or more"), ``"sex[male]"``.
    stated : str, optional
        What the analysis calls the column.
    chinese : bool
    """
    column, _, level = label.partition("[")
    words = stated or COVARIATE_WORDS.get(column.casefold(), (column.replace("_", " "),) * 2)[chinese]
    if not level:
        return words
    above = ("及以上" if chinese else " or more") if level.startswith(">=") else ""
    return f"{words} {level.removesuffix(']').removeprefix('>=')}{above}"


def normalise(text: str) -> str:
    """A label as it is stored: full-width characters as ASCII, single blanks, ends trimmed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def format_probability(p: float | None, error: float | None) -> str:
    """A probability with as many decimals as its error supports, at most three; never 0 or 1."""
    if p is None:
        return ""
    error = error or 0.0
    decimals = 3 if error < 0.001 else 2 if error < 0.02 else 1
    smallest = 10.0**-decimals
    told = f"{p:.{decimals}f}"
    if float(told) >= 1.0:  # 3998 of 4000 draws, 0.9995, would be told as 1.000
        return f">{1.0 - smallest:.{decimals}f}"
    if float(told) <= 0.0:
        return f"<{smallest:.{decimals}f}"
    return told


def format_number(value: float | None) -> str:
    """Three significant digits, without exponents for ordinary sizes."""
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0 or 0.001 <= abs(value) < 10_000:
        digits = 3 if abs(value) < 1 else max(0, 2 - math.floor(math.log10(abs(value))))
        return f"{value:.{digits}f}"
    return f"{value:.3g}"


_NOTEBOOK_ROWS: Final = 20


class NotebookView:
    """Gives a class the notebook view of its `repr`, and of its `table` or `frame` where it has one."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """In a notebook: the words of `repr`, and the first rows of a table below them."""
        shown = f"<pre>{escape(repr(self))}</pre>"
        table: Any = getattr(self, "table", None)
        if not hasattr(table, "to_html"):
            table = getattr(self, "frame", None)
        if hasattr(table, "to_html"):
            shown += str(table.head(_NOTEBOOK_ROWS).to_html(index=False, na_rep="", escape=True))
        return shown
