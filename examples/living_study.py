"""A year of a living study: twelve monthly data cuts of a simulated cohort, with what goes wrong in a real one.

An event is taken back by central review, a patient withdraws, and an export silently loses a patient. Run it in an
empty folder: it writes the study, its figures and its record there. The same cuts stand as files in `living_study/`,
for the command line (see the README); `--write FOLDER` writes them anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_escc as be
from bayes_escc.plots.style import save_figure

ANALYSIS = Path(__file__).parent / "living_study" / "second_line_pfs.toml"
MEDIANS = {"toripalimab + chemotherapy": 4.5, "toripalimab + anlotinib": 7.5}
MONTHS = range(1, 13)
REVIEWED, WITHDRAWN, LOST = "S10", "S23", "S11"


def cuts() -> dict[str, pd.DataFrame]:
    """The tables as the registry exports them, by name; nothing is known of the future in any of them."""
    rng = np.random.default_rng(11)
    regimens = np.array(list(MEDIANS))[np.arange(64) % 2]
    enters = np.sort(rng.uniform(0.0, 9.0, 64))
    lasts = rng.exponential([MEDIANS[r] / np.log(2) for r in regimens])
    found = {}
    for month in MONTHS:
        known = enters < month
        followed = np.minimum(lasts, month - enters)
        table = pd.DataFrame(
            {
                "patient": [f"S{i + 1:02d}" for i in range(64)],
                "regimen": regimens,
                "months": np.round(followed, 2),
                "progressed": (lasts <= month - enters).astype(int),
            }
        )[known]
        if month >= 6:  # central review: what was called progression was not, and the patient is followed on
            free = table.patient == REVIEWED
            table.loc[free, ["months", "progressed"]] = [round(month - enters[int(REVIEWED[1:]) - 1], 2), 0]
        if month >= 8:
            table = table[table.patient != WITHDRAWN]
        if month == 9:
            found["cut_09_incomplete"] = table[table.patient != LOST]
        found[f"cut_{month:02d}"] = table
    return found


def main() -> None:
    tables = cuts()
    with be.Study.create("second_line.db", ANALYSIS, who="registry") as study:
        for name, table in tables.items():
            acknowledge = []
            if name == "cut_06":
                acknowledge = [f"{REVIEWED}:event retracted"]
                refuse(study, table)  # not without a word
            if name == "cut_08":
                study.withdraw(WITHDRAWN, who="registry", why="consent withdrawn")
            if name == "cut_09_incomplete":
                refuse(study, table)
                continue
            update = study.update(table, acknowledge=acknowledge, who="registry")
            result = update.record["result"]
            better = result["comparisons"][0]["probability_better"]
            counts = f"{result['data']['patients']:2d} patients, {result['data']['events']:2d} events"
            print(f"{name}: {counts}, P(better) = {better:.3f}")
        for figure, draw in study.figures().items():
            save_figure(draw, Path(figure))
        study.export("record")
    print("Written: second_line.db, its figures, and the record as plain files in record/")


def refuse(study: be.Study, table: pd.DataFrame) -> None:
    try:
        study.update(table)
    except be.DataError as error:
        print(f"Refused. {error}")
    else:
        raise AssertionError("this table should have been refused")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        for name, table in cuts().items():
            table.to_csv(Path(sys.argv[2]) / f"{name}.csv", index=False, lineterminator="\n")
    else:
        main()
