"""The list of mutants fits the code: each old text once, a new one that is another, tests that exist."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.catalogue import ROOT, mutants

MUTANTS = mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_mutant_fits_the_code(mutant):
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"write {mutant.name} anew: tests/mutation/mutants.toml"
    assert mutant.new != mutant.old
    assert "\n" not in mutant.old + mutant.new
    ast.parse(text.replace(mutant.old, mutant.new))
    assert mutant.tests
    assert all((ROOT / name.partition("::")[0]).is_file() for name in mutant.tests)


def test_every_room_of_statistics_has_mutants():
    rooms = {m.file.split("/")[0] for m in MUTANTS}
    assert rooms >= {"probability", "families", "rules", "answers", "checks", "inference", "study", "trials"}
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 120
