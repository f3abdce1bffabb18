"""The page of promises names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "`test_" in line]


def names_in(path: Path) -> set[str]:
    """Functions and classes of a module of tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_promise_is_held_by_a_test_that_exists(row):
    held = re.findall(r"`([\w.:]+)`", row.split("|")[-2])
    assert held
    for named in held:
        file, *parts = named.split("::")
        assert file.endswith(".py"), f"{named} names no file"
        assert parts, f"{named} names no test in it"
        assert set(parts) <= names_in(ROOT / "tests" / file), named


def test_every_line_of_the_tables_is_a_promise_with_a_test():
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert lines == ROWS
