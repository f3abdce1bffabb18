"""Published effects (hazard ratios, odds ratios ...) with their intervals, one row per contrast.

`read_effects` collects every problem of a table before it refuses it. An `EffectTable` that
exists has passed all checks of its rows; whether its rows may be pooled as independent, or form
one connected network, depends on the selection and is checked by `require_independent` and
`require_connected` when a model asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.errors import DataError
from bayes_escc.evidence.effect_arms import (
    covariance_of_contrasts,
)
from bayes_escc.evidence.effect_rows import COLUMNS, KNOWN_COLUMNS, read_effect_rows
from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction, is_time_to_event
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.table import Table, TableSettings, filter_rows, table_digest
from bayes_escc.names import PlainMapping
from bayes_escc.settings.reader import nearest
from bayes_escc.settings.setting import setting, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EffectSettings", "EffectTable", "connected_pieces", "read_effects"]

_NUMBERS = ("estimate", "ci_low", "ci_high", "ci_level", "y", "se")


@dataclass(frozen=True, kw_only=True)
class EffectSettings(TableSettings):
    """What `[data]` may say of a table of effects; every field declares one key."""

    counts: str | None = setting(text(), None, "file or dataset of arm counts that stand beside the effects")


@dataclass(frozen=True, repr=False)
class EffectTable(Table):
    """A checked table of effects, one row per study, contrast, endpoint and population.

    Made by `read_effects` or `load_dataset`, never by hand.

    Parameters
    ----------
    frame : DataFrame
        Columns study, experimental, control, endpoint, population, measure, estimate, ci_low,
        ci_high, ci_level, y, se (estimate and standard error on the log scale for ratios), then
        any further columns as text.
    digest, source, warnings
        See `Table`.
    """

    kind = "effects"
    columns_read = frozenset(
        {
            *COLUMNS,
            "population",
            "p",
            "p_sides",
            "y",
            "se",
            "conclusion",
            "better",
            "design",
            "control_se",
            "n_experimental",
            "n_control",
            "events_experimental",
            "events_control",
        }
    )

    def __repr__(self) -> str:
        return (
            f"EffectTable({self.source}: {len(self)} rows, {len(self.studies)} studies, "
            f"endpoints {', '.join(self.endpoints)})"
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["study"]))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Endpoints, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["endpoint"]))

    @property
    def regimens(self) -> tuple[str, ...]:
        """Controls and experimental regimens, in order of appearance."""
        return tuple(dict.fromkeys([*self.frame["control"], *self.frame["experimental"]]))

    def select(
        self,
        *,
        endpoint: str | None = None,
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
    ) -> EffectTable:
        """Keep some rows, all of one endpoint and one measure.

        Parameters
        ----------
        endpoint : str, optional
            Needed where the table has several.
        regimens : sequence of str, optional
            Keep the contrasts between these regimens.
        where : mapping, optional
            Column and the value (or list of values) its cells must equal.

        Raises
        ------
        AnalysisError
            If a label or column does not exist, or nothing is left.
        DataError
            If measures are mixed or a study would count twice for one contrast.
        """
        problems: list[str] = []
        frame = filter_rows(self.frame, dict(where or {}), problems)
        present = list(dict.fromkeys(frame["endpoint"]))
        if endpoint is not None:
            wanted = canonical_endpoint(endpoint)
            if wanted not in present and not problems:
                problems.append(
                    f"endpoint {wanted!r} is not in {self.source}; it has {', '.join(present) or 'no rows left'}."
                    f"{nearest(wanted, present)}"
                )
            frame = frame[frame["endpoint"] == wanted]
        elif len(present) > 1:
            problems.append(f"endpoint: the table has {', '.join(present)}; name one")
        if regimens is not None:
            regimens = [normalise(r) for r in regimens]
            known = {*frame["experimental"], *frame["control"]}
            problems += [
                f"regimen {r!r} is not in {self.source}.{nearest(r, known)}" for r in regimens if r not in known
            ]
            frame = frame[frame["experimental"].isin(regimens) & frame["control"].isin(regimens)]
        frame = self._not_empty(frame, problems)
        measures = list(dict.fromkeys(frame["measure"]))
        if len(measures) > 1:
            raise DataError(f"{self.source}: {' and '.join(measures)} cannot be pooled on one scale; select one.")
        twice = frame[frame.duplicated(["study", "experimental", "control"], keep=False)]
        if not twice.empty:
            first = twice.iloc[0]
            raise DataError(
                f"{self.source}: {first['study']} counts more than once for {first['experimental']} against "
                f"{first['control']}: its rows are overlapping populations. Choose one with population or where."
            )
        return self.keep(frame)

    def require_independent(self) -> None:
        """Refuse contrasts that share a control arm, which a pairwise model would count twice.

        Raises
        ------
        DataError
        """
        problems = []
        for study, rows in self.frame.groupby("study", sort=False):
            if len(rows) > 1:
                problems.append(
                    Problem(
                        "shared_control",
                        f"{study} gives {len(rows)} contrasts that share patients "
                        f"({' and '.join(rows['experimental'])}); pooled as independent its control arm would count "
                        f"{len(rows)} times",
                        "Keep one with where or regimens, or use network = true, which models their correlation.",
                        row=int(rows.index[1]),
                        column="study",
                        value=str(study),
                    )
                )
        refuse_if_any(self.source, problems)

    def require_usable(self) -> None:
        """Refuse contrasts of one study of which neither a pairwise model nor a network can take all.

        Contrasts that a further column tells apart, such as that of the combination, are left to the analysis, which
        takes one of them with `where`.

        Raises
        ------
        DataError
            With every problem of every endpoint, population and measure.
        """
        problems: list[Problem] = []
        for _, rows in self.frame.groupby(["endpoint", "population", "measure"], sort=False):
            selected = [study for study, own in rows.groupby("study", sort=False) if _told_apart(own)]
            covariance_of_contrasts(rows[~rows["study"].isin(selected)], problems)
        refuse_if_any(self.source, problems)

    def require_connected(self) -> None:
        """Refuse a network in pieces, which no comparison can cross.

        Raises
        ------
        DataError
        """
        pieces = connected_pieces(zip(self.frame["experimental"], self.frame["control"], strict=True))
        if len(pieces) > 1:
            refuse_if_any(self.source, [_in_pieces(pieces)])


def _told_apart(rows: pd.DataFrame) -> bool:
    """Whether one contrast of a study can be selected by what a further column says of it."""
    further = [c for c in rows if c not in KNOWN_COLUMNS and rows[c].dtype.kind not in "fiu"]
    return len(rows) > 1 and any(rows[c].nunique() == len(rows) for c in further)


def _in_pieces(pieces: Sequence[Sequence[str]]) -> Problem:
    listed = "; ".join(f"({i}) {', '.join(piece)}" for i, piece in enumerate(pieces, start=1))
    return Problem(
        "network_in_pieces",
        f"the network is in {len(pieces)} pieces without a common regimen: {listed}",
        "Compare within one piece, or give regimens that are the same in practice one name.",
    )


def connected_pieces(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The connected pieces of a network, largest first, regimens in order of appearance."""
    pieces: list[list[str]] = []
    for edge in edges:
        touched = [piece for piece in pieces if set(edge) & set(piece)]
        merged = list(dict.fromkeys([*(r for piece in touched for r in piece), *edge]))
        pieces = [*(piece for piece in pieces if piece not in touched), merged]
    return sorted(pieces, key=len, reverse=True)


def read_effects(
    source: str | Path | pd.DataFrame, *, sheet: str | None = None, drop: Sequence[str] = ()
) -> EffectTable:
    """Read and check a table of published effects.

    Parameters
    ----------
    source : path or DataFrame
        Columns study, experimental, control, endpoint, measure (HR, OR, RR, MD, SMD, RD, or log HR
        and so on), estimate, and either ci_low, ci_high and ci_level (per row, for example 0.95)
        or se (on the log scale for ratios). Optional: population, p, p_sides (one or two),
        conclusion (lower, higher or no difference), control_se or events_control (the arm that
        several contrasts of a study share), n_experimental and n_control (patients of the arms, shown in
        figures), and any covariates. A row may also give one arm:
        ``measure`` is then mean, log odds, log hazard or log risk, ``regimen`` names the arm, and
        ``control`` names the study's control arm or stays blank; such rows become contrasts.
    sheet : str, optional
        Sheet of a workbook.
    drop : sequence of str, optional
        Columns to leave out.

    Returns
    -------
    EffectTable

    Raises
    ------
    DataError
        If anything makes the effects unusable. The message, and the error's `problems`, list
        every problem with row, column, value and remedy.
    """
    import pandas as pd

    label, records, warnings = read_effect_rows(source, sheet=sheet, drop=drop)
    frame = pd.DataFrame([r for _, r in records], index=[number for number, _ in records])
    frame = frame.astype(dict.fromkeys(_NUMBERS, float))
    _note_shared_controls(frame, warnings)
    _note_unknown_directions(frame, warnings)
    _note_odds_of_times(frame, warnings)
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        pieces = connected_pieces(zip(rows["experimental"], rows["control"], strict=True))
        if len(pieces) > 1:
            warnings.append(replace(_in_pieces(pieces), column="control", value=str(endpoint)))
    return EffectTable(frame, table_digest(frame), label, warnings=tuple(warnings))


def _note_shared_controls(frame: pd.DataFrame, warnings: list[Problem]) -> None:
    for (study, endpoint, _), rows in frame.groupby(["study", "endpoint", "population"], sort=False):
        if len(rows) == 1:
            continue
        one_arm = rows["control"].nunique() == 1
        remedy = "A pairwise model refuses them together; a network models their correlation."
        if not one_arm:
            remedy = "Every model refuses them together: give all pairs of the arms, or all contrasts against one arm."
        warnings.append(
            Problem(
                "shared_control" if one_arm else "different_controls",
                f"{study} has {len(rows)} contrasts of {endpoint} that share patients"
                + ("" if one_arm else ", with different controls"),
                remedy,
                row=int(np.asarray(rows.index)[1]),
                column="study",
                value=str(study),
            )
        )


def _note_unknown_directions(frame: pd.DataFrame, warnings: list[Problem]) -> None:
    """Nothing can be ranked, and nobody is better, where it is not known whether more or less of it is good."""
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        hazards = rows["measure"].str.endswith("HR").all()  # of deaths and progressions, always bad
        stated = "better" in rows and rows["better"].isin(["higher", "lower"]).any()
        if not hazards and not stated and endpoint_direction(str(endpoint)) is None:
            warnings.append(
                Problem(
                    "unknown_direction",
                    f"it is not known whether more or less of {endpoint} is better, so no regimen can be ranked",
                    "State better in the comparison, or in a column better with higher or lower; networks need it.",
                    row=int(np.asarray(rows.index)[0]),
                    column="endpoint",
                    value=str(endpoint),
                )
            )


def _note_odds_of_times(frame: pd.DataFrame, warnings: list[Problem]) -> None:
    """A ratio of odds or risks says nothing of when events happened, and follow-up decides how large it is."""
    for (endpoint, measure), rows in frame.groupby(["endpoint", "measure"], sort=False):
        if is_time_to_event(str(endpoint)) and str(measure).removeprefix("log ") in ("OR", "RR", "RD"):
            warnings.append(
                Problem(
                    "not_a_hazard_ratio",
                    f"{endpoint} is the time to an event, and its effect is given as {measure}",
                    "A hazard ratio (HR) is usual; if it compares the proportions with an event by some time, name "
                    "that time in the endpoint.",
                    row=int(np.asarray(rows.index)[0]),
                    column="measure",
                    value=str(measure),
                )
            )
