"""What is given to a public function, held against what the function says it takes, so that a wrong kind is a sentence.

The check reads the annotations, and looks no deeper than they do: a sequence of numbers, a mapping, a text. Whether a
number or a word is one that the function can use is for the function to say.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import math
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from numbers import Real
from types import UnionType
from typing import Any, Final, Literal, get_args, get_origin

from bayes_escc.errors import AnalysisError, beyond_numbers

__all__ = ["checked", "shown", "wrong_fields"]

_FEW: Final = 1000
"""Members of a sequence or mapping that are looked at."""
_WORDS: Final = {
    "str": "a text of whole characters",
    "int": "a whole number",
    "float": "a finite number",
    "bool": "true or false",
    "Path": "a path",
    "DataFrame": "a DataFrame",
    "None": "None",
}
_PLURAL: Final = {
    "str": "texts",
    "int": "whole numbers",
    "float": "numbers",
    "bool": "true or false",
    "Path": "paths",
    "Mapping": "mappings",
    "Sequence": "sequences",
}
_MAPPINGS: Final = {"Mapping", "dict", "PlainMapping", "Plain"}
_SEQUENCES: Final = {"Sequence", "Iterable", "list", "tuple"}
_ANYTHING: Final = {"Any", "object", "Source", "Table", "DataFrame", "Callable"}
"""Kinds that say nothing, and those of tables, whose readers say more of what they take."""
type _Scope = Mapping[str, Any]
"""Names as the module of the function knows them."""


def shown(value: object) -> str:
    """A value as it is shown in a message, cut short where it is long."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # a whole number of more digits than Python writes
        return f"a {type(value).__name__} without end"
    return text if len(text) <= 80 else f"{text[:60]} ... ({len(text)} characters)"


def checked[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """The function, which refuses an argument of another kind than it is annotated with.

    Raises
    ------
    AnalysisError
        With the name of the argument, what it must be and what it is; or one that is missing or not known.
    FitError
        Where the function leaves the numbers that a computer has.
    """
    rules: dict[str, ast.expr] = {}
    signature = inspect.signature(function)
    scope = getattr(function, "__globals__", {})

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not rules:
            rules.update(_annotations(signature))
        given = signature.bind(*args, **kwargs)  # an argument that is missing or not known is Python's own TypeError
        for name, value in given.arguments.items():
            kind = signature.parameters[name].kind
            values = value if kind is inspect.Parameter.VAR_POSITIONAL else [value]
            if kind is inspect.Parameter.VAR_KEYWORD:
                values = value.values()
            for each in values:
                if name in rules and not _is(each, rules[name], scope):
                    label = name if kind is inspect.Parameter.VAR_POSITIONAL else f"{name}="
                    raise AnalysisError(f"{label} must be {_words(rules[name])}, not {shown(each)}.")
        try:
            return function(*args, **kwargs)
        except (ArithmeticError, ValueError) as error:
            told = beyond_numbers(error)
            if told is None:
                raise
            raise told from error

    return call


def wrong_fields(value: Any, but: Collection[str] = ()) -> list[str]:
    """What is wrong with the kinds of the fields of a dataclass: one sentence for each, beginning with its name.

    Unlike `checked` it holds words against the words that there are, and refuses numbers that are not finite.

    Parameters
    ----------
    value : dataclass instance
    but : collection of str
        Fields that are checked elsewhere.
    """
    scope: dict[str, Any] = {}
    for base in reversed(type(value).__mro__):
        scope |= vars(sys.modules[base.__module__])
    found = []
    for field in fields(value):
        stated = getattr(value, field.name)
        if field.name in but or not field.init or not isinstance(field.type, str):
            continue
        kind = ast.parse(field.type, mode="eval").body
        flag = isinstance(stated, bool) and not any(_name(part) in {"bool", *_ANYTHING} for part in _parts(kind))
        endless = isinstance(stated, Real) and not isinstance(stated, bool) and not _is_finite(stated)
        words = _choices(kind, scope)
        if flag or endless or not _is(stated, kind, scope) or (words and stated is not None and stated not in words):
            must = " or ".join(map(repr, words)) if words else _words(kind, scope)
            found.append(f"{field.name} must be {must}, not {shown(stated)}")
    return found


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number above 1.8e308
        return False


def _choices(kind: ast.expr, scope: _Scope) -> list[str]:
    """The words of a kind that is made of words alone."""
    found: list[str] = []
    for part in _parts(kind):
        target = getattr(scope.get(_name(part)), "__value__", scope.get(_name(part)))
        if _name(part) == "Literal":
            found += [str(ast.literal_eval(word)) for word in _inner(part)]
        elif get_origin(target) is Literal:
            found += [str(word) for word in get_args(target)]
        elif _name(part) != "None":
            return []
    return found


def _annotations(signature: inspect.Signature) -> dict[str, ast.expr]:
    return {
        name: ast.parse(parameter.annotation, mode="eval").body
        for name, parameter in signature.parameters.items()
        if isinstance(parameter.annotation, str)
    }


def _name(kind: ast.expr) -> str:
    if isinstance(kind, ast.Subscript):
        return _name(kind.value)
    if isinstance(kind, ast.Attribute):
        return kind.attr
    return kind.id if isinstance(kind, ast.Name) else "None" if isinstance(kind, ast.Constant) else ""


def _parts(kind: ast.expr) -> list[ast.expr]:
    """The alternatives of a union."""
    if isinstance(kind, ast.BinOp):
        return [*_parts(kind.left), *_parts(kind.right)]
    return [kind]


def _inner(kind: ast.expr) -> list[ast.expr]:
    if not isinstance(kind, ast.Subscript):
        return []
    return list(kind.slice.elts) if isinstance(kind.slice, ast.Tuple) else [kind.slice]


def _is(value: Any, kind: ast.expr, scope: _Scope) -> bool:
    """Whether a value is of an annotated kind, as far as the annotation tells."""
    return any(_is_one(value, part, scope) for part in _parts(kind))


def _is_one(value: Any, kind: ast.expr, scope: _Scope) -> bool:
    name, inner = _name(kind), _inner(kind)
    if name in _MAPPINGS:
        members = itertools.islice(value.values(), _FEW) if isinstance(value, Mapping) else None
        return members is not None and (len(inner) < 2 or all(_is(m, inner[1], scope) for m in members))
    if name in _SEQUENCES:
        several = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
        if not several or not inner or not isinstance(value, Sequence):
            return several
        return all(_is(m, inner[0], scope) for m in value[:_FEW])
    if name in {"int", "float"}:
        return _is_number(value)
    if name in {"str", "bool", "None"}:
        return isinstance(value, {"str": str, "bool": bool, "None": type(None)}[name]) and not _halved(value)
    if name == "Literal":
        return isinstance(value, str | int | bool)
    if name in _ANYTHING or not name[:1].isupper():
        return True
    return _is_named(value, name, scope.get(name))


def _is_named(value: Any, name: str, target: Any) -> bool:
    """Whether a value is of a class known by its name, or could be of one that type checkers alone know."""
    target = getattr(target, "__value__", target)  # of `type NAME = ...`
    if get_origin(target) is Literal:
        return isinstance(value, str)
    if isinstance(target, UnionType):
        parts = get_args(target)
        known = [part for part in parts if isinstance(part, type) and not getattr(part, "_is_protocol", False)]
        return len(known) < len(parts) or isinstance(value, tuple(known))
    if isinstance(target, type):
        return getattr(target, "_is_protocol", False) or isinstance(value, target)
    if target is not None:  # another name of an annotation
        return True
    return name in {c.__name__ for c in type(value).__mro__} or not isinstance(value, bytes | Mapping | list | tuple)


def _is_number(value: Any) -> bool:
    if not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:  # a whole number above 1.8e308
        return False
    return True


def _halved(value: object) -> bool:
    """Whether a text holds half a character, which nothing can write."""
    return isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)


def _words(kind: ast.expr, scope: _Scope | None = None) -> str:
    """An annotated kind in words."""
    told = (_word(part, scope or {}) for part in _parts(kind) if _name(part) != "None")
    return " or ".join(dict.fromkeys(told)) or "None"


def _word(kind: ast.expr, scope: _Scope) -> str:
    name, inner = _name(kind), _inner(kind)
    if isinstance(target := scope.get(name), UnionType):
        return " or ".join(f"a {part.__name__}" for part in get_args(target))
    if name == "Literal":
        options = [str(ast.literal_eval(part)) for part in inner]
        return " or ".join(repr(o) for o in options)
    if name in _MAPPINGS:
        return "a mapping" + _members(inner[1:2], " of names to ")
    if name in _SEQUENCES:
        return "a sequence" + _members(inner[:1], " of ")
    return _WORDS.get(name, f"a {name}")


def _members(kinds: Sequence[ast.expr], joint: str) -> str:
    """What a sequence or mapping holds, in words, where its annotation tells."""
    names = [_name(part) for kind in kinds for part in _parts(kind) if _name(part) != "None"]
    told = [_PLURAL.get("Mapping" if n in _MAPPINGS else n, f"{n} objects") for n in names if n not in _ANYTHING]
    return joint + " or ".join(dict.fromkeys(told)) if told else ""
