"""What a data cut changed, patient by patient, and which changes pass."""

from __future__ import annotations

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.study.changes import HARMLESS, acknowledged, compare_cuts
from bayes_escc.study.cuts import read_cut
from tests.helpers.studies import analysis, table


def changes(old, new, spec=None):
    spec = spec or analysis()
    return compare_cuts(None if old is None else read_cut(old, spec), read_cut(new, spec))


def kinds(old, new, spec=None):
    return [(c.unit, c.kind) for c in changes(old, new, spec)]


BASE = (("K1", "old", 3.0, 1), ("K2", "old", 4.0, 0), ("N1", "new", 5.0, 0), ("N2", "new", 2.0, 1))


def replaced(**rows):
    """The base table with some rows replaced, added, or (None) left out."""
    found = {r[0]: r for r in BASE} | {k: v and (k, *v) for k, v in rows.items()}
    return table(*[r for r in found.values() if r])


class TestFollowUp:
    @pytest.mark.parametrize(
        ("row", "expected"),
        [
            (("old", 6.0, 0), "follow-up extended"),
            (("old", 4.0, 1), "event occurred"),
            (("old", 9.0, 1), "event occurred"),
            (("old", 3.5, 0), "time shortened"),
            (("old", 3.5, 1), "time shortened"),  # free of it at 4.0, so it cannot have happened at 3.5
            (("new", 4.0, 0), "regimen changed"),
            (None, "removed silently"),
        ],
    )
    def test_of_a_patient_censored_before(self, row, expected):
        assert kinds(table(*BASE), replaced(K2=row)) == [("K2", expected)]

    @pytest.mark.parametrize(
        ("row", "expected"),
        [(("old", 3.0, 0), "event retracted"), (("old", 8.0, 0), "event retracted"), (("old", 3.2, 1), "corrected")],
    )
    def test_of_a_patient_with_an_event(self, row, expected):
        assert kinds(table(*BASE), replaced(K1=row)) == [("K1", expected)]

    def test_new_patients_and_unchanged_ones(self):
        assert kinds(table(*BASE), replaced(Z9=("new", 0.5, 0))) == [("Z9", "new")]
        assert kinds(table(*BASE), table(*BASE[::-1])) == []
        assert {k for _, k in kinds(None, table(*BASE))} == {"new"}

    def test_two_changes_of_one_patient_are_two(self):
        assert kinds(table(*BASE), replaced(K2=("new", 9.0, 1))) == [
            ("K2", "event occurred"),
            ("K2", "regimen changed"),
        ]

    def test_nothing_known_yet_is_no_failure(self):
        start = replaced(Z1=("new", 0.0, 0), Z2=("old", None, None))
        assert kinds(table(*BASE), start) == [("Z1", "new"), ("Z2", "new")]
        later = replaced(Z1=("new", 2.0, 0), Z2=("old", 1.0, 1))
        assert kinds(start, later) == [("Z1", "follow-up extended"), ("Z2", "event occurred")]

    @pytest.mark.parametrize("time", [None, 0.0, 1.5])
    def test_who_entered_late_and_has_no_follow_up_yet_waits(self, time):
        spec = analysis(data={"entry": "entered"})
        start = replaced(Z1=("new", time, 0)).assign(entered=lambda d: [0.0] * (len(d) - 1) + [1.5])
        row = read_cut(start, spec).rows["Z1"]
        assert (float(row["time"]), row["event"], row["entry"]) == (0.0, "0", "")
        later = read_cut(start.assign(months=[*start.months[:-1], 3.0]), spec)
        found = [(c.unit, c.kind) for c in compare_cuts(read_cut(start, spec), later)]
        assert found == [("Z1", "follow-up extended"), ("Z1", "now known")]
        with pytest.raises(be.DataError, match="row"):
            read_cut(start.assign(entered=[*start.entered[:-1], "late"]), spec)

    def test_an_event_on_the_first_day_is_an_event(self):
        (row,) = read_cut(replaced(K1=None, K2=None, N1=None, N2=("new", 0.0, 1)), analysis()).rows.values()
        assert float(row["time"]) == pytest.approx(0.5 / 30.4375)

    def test_scans(self):
        spec = analysis(
            data={
                "kind": "patients",
                "id": "code",
                "regimen": "arm",
                "interval": ["free", "found"],
                "time_unit": "months",
            },
            priors={"hazard": {"distribution": "Gamma", "alpha": 1, "beta": 5}},
        )
        content = spec.content.replace('"time": "months", ', "").replace('"event": "progressed", ', "")
        import json

        spec = be.Analysis.from_dict(json.loads(content))

        def scans(free, found):
            return pd.DataFrame({"code": ["1", "2"], "arm": ["old", "new"], "free": [2, free], "found": [4, found]})

        then = scans(6, "inf")
        assert kinds(then, scans(8, "inf"), spec) == [("2", "follow-up extended")]
        assert kinds(then, scans(6, 8), spec) == [("2", "event occurred")]
        assert kinds(then, scans(4, 8), spec) == [("2", "time shortened")]
        assert kinds(then, scans(4, "inf"), spec) == [("2", "time shortened")]
        assert kinds(scans(6, 8), scans(8, "inf"), spec) == [("2", "event retracted")]
        assert kinds(scans(6, 8), scans(6, 7), spec) == [("2", "corrected")]


class TestFacts:
    COVARIATES = ({"column": "nlr", "transform": "log"}, {"column": "liver"})

    def frame(self, **rows):
        base = {"1": ("old", 3.0, 1, 2.5, 0, "x"), "2": ("new", 4.0, 0, 3.1, 1, "x"), **rows}
        columns = ["code", "arm", "months", "progressed", "nlr", "liver", "comment"]
        return pd.DataFrame([(k, *v) for k, v in base.items() if v], columns=columns)

    @property
    def spec(self):
        return analysis(model={"covariates": list(self.COVARIATES)}, data={"where": {"arm": ["old", "new"]}})

    def test_a_fact_of_the_baseline_is_corrected(self):
        found = changes(self.frame(), self.frame(**{"1": ("old", 3.0, 1, 25, 0, "x")}), self.spec)
        assert [(c.unit, c.kind, c.detail) for c in found] == [("1", "corrected", "nlr 2.5 -> 25")]

    def test_columns_the_analysis_does_not_name_are_not_held(self):
        assert kinds(self.frame(), self.frame(**{"1": ("old", 3.0, 1, 2.5, 0, "seen again")}), self.spec) == []
        assert "comment" not in read_cut(self.frame(), self.spec).columns

    def test_another_spelling_of_a_number_is_no_correction(self):
        text = self.frame().astype(str)
        text.loc[0, "nlr"] = "2.50"
        assert kinds(self.frame(), text, self.spec) == []

    def test_someone_else_under_the_same_identifier(self):
        other = self.frame(**{"2": ("old", 1.0, 0, 1.2, 0, "x")})
        assert kinds(self.frame(), other, self.spec) == [("2", "identifier reused")]

    def test_a_blank_filled_in_passes_and_blanking_does_not(self):
        blank = self.frame(**{"1": ("old", 3.0, 1, None, 0, "x")})
        assert kinds(blank, self.frame(), self.spec) == [("1", "now known")]
        assert kinds(self.frame(), blank, self.spec) == [("1", "corrected")]

    def test_the_same_patient_under_two_identifiers(self):
        many = {str(i): (("old", "new")[i % 2], 2.0 + i, 1, 1.0 + i / 7, i % 2, "") for i in range(1, 15)}
        twin = {**many, "99": many["7"]}
        assert kinds(self.frame(**many), self.frame(**twin), self.spec) == [("99", "new"), ("99", "duplicate")]

    def test_a_row_that_stands_twice(self):
        frame = self.frame()
        twice = pd.concat([frame, frame.iloc[[0]]])
        assert kinds(frame, twice, self.spec) == [("1", "duplicate")]
        conflicting = twice.copy()
        conflicting.iloc[-1, 2] = 9.0
        with pytest.raises(be.DataError, match="conflicting_patient"):
            read_cut(conflicting, self.spec)

    def test_identifiers_that_differ_in_case_are_refused(self):
        with pytest.raises(be.DataError, match=r"'p1' and 'P1'|'P1' and 'p1'"):
            read_cut(table(("p1", "old", 1, 1), ("P1", "new", 2, 0)), analysis())


RESPONSE = {
    "id": "orr",
    "data": {"kind": "patients", "endpoint": "ORR", "response": "best", "regimens": ["x", "y"]},
    "model": {"family": "response"},
}


def responses(*best):
    names = [f"{i:03d}" for i in range(1, len(best) + 1)]
    return pd.DataFrame({"patient_id": names, "regimen": ["x", "y"] * (len(best) // 2), "best": best})


class TestResponses:
    spec = be.Analysis.from_dict(RESPONSE)

    @pytest.mark.parametrize(
        ("was", "now", "kind"),
        [
            ("SD", "PR", "response confirmed"),
            ("PR", "CR", "response confirmed"),
            ("NE", "PD", "response confirmed"),
            ("", "PD", "response confirmed"),
            ("pending", "SD", "response confirmed"),
            ("PR", "SD", "corrected"),
            ("CR", "", "corrected"),
            ("SD", "PD", "corrected"),
        ],
    )
    def test_best_response(self, was, now, kind):
        assert kinds(responses(was, "PR"), responses(now, "PR"), self.spec) == [("001", kind)]

    def test_yes_and_no(self):
        assert kinds(responses("0", "1"), responses("1", "1"), self.spec) == [("001", "response confirmed")]
        assert kinds(responses("0", "1"), responses("0", "0"), self.spec) == [("002", "corrected")]

    def test_who_is_not_yet_assessed_is_not_in_the_denominator(self):
        table = read_cut(responses("PR", "SD", "", "not yet evaluable"), self.spec).table("")
        counts = table.counts(["ORR"]).frame
        assert counts["n"].tolist() == [1, 1]
        assert counts["events"].tolist() == [1, 0]

    def test_counts_are_compared_arm_by_arm(self):
        spec = be.Analysis.from_dict({"id": "c", "data": {"kind": "counts", "endpoint": "ORR"}})

        def counts(*rows):
            return pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"])

        old = counts(("S", "x", "ORR", 3, 10), ("S", "y", "ORR", 4, 10))
        new = counts(("S", "x", "ORR", 5, 14), ("S", "y", "ORR", 3, 10), ("T", "y", "ORR", 1, 2))
        assert kinds(old, new, spec) == [
            ("S | x | ORR", "counts grown"),
            ("S | y | ORR", "corrected"),
            ("T | y | ORR", "new"),
        ]


class TestAcknowledgement:
    old, new = table(*BASE), replaced(K1=("old", 3.0, 0), K2=None, N1=("new", 9.0, 0))

    def test_the_message_says_what_to_type(self):
        with pytest.raises(be.DataError) as refused:
            acknowledged(changes(self.old, self.new), [])
        said = str(refused.value)
        assert "--acknowledge 'K1:event retracted' 'K2:removed silently'" in said
        assert "in Python: acknowledge=['K1:event retracted', 'K2:removed silently']" in said
        assert "event at 3 -> free at 3" in said
        assert "N1" not in said

    def test_every_change_must_be_named_and_exist(self):
        found = changes(self.old, self.new)
        with pytest.raises(be.DataError, match="1 change needs"):
            acknowledged(found, ["K1:event retracted"])
        with pytest.raises(be.DataError, match=r"names no change.*Did you mean 'K2:removed silently'"):
            acknowledged(found, ["K1:event retracted", "K2:removed silently", "K3:removed silently"])
        done = acknowledged(found, ["k1: Event  retracted", "K2:removed silently"])
        assert [c.acknowledged for c in done] == [True, True, False]
        assert {c.kind for c in done if not c.acknowledged} <= set(HARMLESS)
