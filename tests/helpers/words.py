"""Words that no sentence of the package may use."""

from __future__ import annotations

import re

FORBIDDEN = re.compile(
    r"significan|\bprov(e|es|ed|en|ing)\b|proof|superior|inferior|effective|no difference|similar|equivalent\b"
    r"|显著|统计学意义|证明|无差异|疗效相当|相似|优效|有效",
    re.IGNORECASE,
)
