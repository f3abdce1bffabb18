"""A digest of the code that makes a model's answer, blind to comments, docstrings and layout.

It starts at the modules of the model's design and of its sampler and follows what they import, within the rooms that
define densities. Modules that only speak (notes, priors in words) or only read settings do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["code_digest", "modules_behind", "normal_form"]

_ROOT: Final = Path(__file__).parents[2]
_ROOMS: Final = ("families", "probability", "rules", "inference")
_SILENT: Final = frozenset(
    {"__init__", "words", "notes", "prior_conflict", "separation", "extrapolation", "bias", "spec", "diagnostics"}
    | {"frozen", "covariates", "specification", "cache", "kept", "followed", "reading"}
    | {"variation", "varied", "varied_exactly", "weighting", "selection", "heterogeneity_priors"}
    | {"inconsistency", "fitted", "free_hazards"}
)
"""Modules that decide no density: they speak, read settings, check, or keep what was compiled."""


def code_digest(modules: Sequence[str], stated: str = "") -> str:
    """SHA-256 (16 digits) of what some modules and what they import compute, and of a text beside it.

    Parameters
    ----------
    modules : sequence of str
        Names with ``bayes_escc.`` before them.
    stated : str
        What else the answer depends on.
    """
    digest = hashlib.sha256(stated.encode())
    for module in modules_behind(modules):
        digest.update(f"\0{module}\0{_form_of(module)}".encode())
    return digest.hexdigest()[:16]


def modules_behind(modules: Sequence[str]) -> list[str]:
    """Modules and what they import within the rooms of densities, sorted."""
    found: set[str] = set()
    waiting = [m for m in modules if _counts(m)]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [m for m in _imported(module) if _counts(m)]
    return sorted(found)


def _counts(module: str) -> bool:
    parts = module.split(".")
    return len(parts) > 2 and parts[1] in _ROOMS and parts[-1] not in _SILENT and _path(module).is_file()


def _path(module: str) -> Path:
    return _ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")


@cache
def _imported(module: str) -> tuple[str, ...]:
    found: list[str] = []
    for node in _statements(ast.parse(_path(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bayes_escc."):
            found += [str(node.module), *(f"{node.module}.{a.name}" for a in node.names)]
    return tuple(found)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, but not what is imported for the checking of types."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _statements(node)


@cache
def _form_of(module: str) -> str:
    return normal_form(_path(module).read_text(encoding="utf-8"))


def normal_form(source: str) -> str:
    """The syntax tree of a module without docstrings, imports, annotations and its list of public names, as text."""
    return ast.dump(_Plain().visit(ast.parse(source)))


class _Plain(ast.NodeTransformer):
    """Takes away what changes no number."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.generic_visit(ast.Assign([node.target], node.value, lineno=node.lineno))

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise()  # whatever it says

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)
