"""Every sentence that the source gives a person, read off the source: refusals with their remedies, and notes."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import bayes_escc

ROOT = Path(bayes_escc.__file__).parent
_ERRORS = {"AnalysisError", "DataError", "RecordError", "FitError", "BayesEsccError"}
_STAND_INS = ("3", "x", "'x'", "0.5")
"""What may stand for a value: a number, a name, a name in quotes."""


class Message(NamedTuple):
    """One sentence of the source: where it stands, and its texts with stand-ins for what is put in."""

    place: str
    source: str
    variants: tuple[str, ...]


def messages(*rooms: str) -> Iterator[Message]:
    """The sentences that the modules of some rooms raise, collect as problems, or note."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    of_key = getattr(node.func, "attr", "") == "problem"
                    for given in _said(node):
                        variants = tuple(dict.fromkeys(("x.y: " if of_key else "") + v for v in _variants(given)))
                        if variants and any(" " in v for v in variants):
                            place = f"{path.relative_to(ROOT)}:{given.lineno}"
                            yield Message(place, ast.unparse(given), variants)


def _said(call: ast.Call) -> list[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _ERRORS:
        return call.args[:1]
    if name == "Problem":
        return call.args[1:3]
    if name == "problem":
        return call.args[1:2]
    if name == "note" and len(call.args) == 2:
        return call.args[:1]
    if name == "append" and isinstance(call.func, ast.Attribute) and "problems" in ast.unparse(call.func.value):
        return [a for a in call.args if isinstance(a, (ast.Constant, ast.JoinedStr, ast.BinOp))]
    return []


def _variants(node: ast.expr) -> list[str]:
    """The texts an expression can give, or none where it is no text of its own."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return [*_variants(node.body), *_variants(node.orelse)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _variants(node.left) or list(_STAND_INS), _variants(node.right) or list(_STAND_INS)
        return [a + b for a, b in itertools.product(left, right)][:2000]
    if isinstance(node, ast.JoinedStr):
        parts = [_part(value) for value in node.values]
        return ["".join(p) for p in itertools.islice(itertools.product(*parts), 4096)]
    return []


def _part(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    assert isinstance(node, ast.FormattedValue)
    if ast.unparse(node.value).startswith("nearest("):
        return ["", " Did you mean 'x'?"]
    own = _variants(node.value) if isinstance(node.value, ast.IfExp | ast.Constant) else []
    if own:
        return own
    return ["'x'"] if node.conversion == ord("r") else list(_STAND_INS)
