"""What a calibration found, for readers: a table, a page, and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.files import write_atomic
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.validation.calibration.calibrate import FULL, FULL_SAMPLED, Record, full_size, out_of_date, verdict_of
from bayes_escc.validation.calibration.once import RANKS, Case
from bayes_escc.validation.calibration.tally import LEVEL, Tally

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["write_report"]

_COLUMNS: Final = (
    "case", "model", "engine", "simulations", "quantities", "coverage_50", "coverage_95", "predicted", "happened",
    "not_converged", "p", "worst", "calibrated",
)  # fmt: skip
_PANELS: Final = 3


def write_report(cases: Sequence[Case], records: Mapping[str, Record], folder: Path) -> None:
    """Write `README.md`, `calibration.csv` and one figure for every family."""
    rows = [_row(case, records[case.name]) for case in cases if case.name in records]
    write_atomic(folder / "calibration.csv", _csv(rows))
    families = list(dict.fromkeys(c.family for c in cases if c.name in records))
    figures = []
    for family in families:
        chosen = [(c, records[c.name].tally) for c in cases if c.family == family and c.name in records]
        if any(tally.placed for _, tally in chosen):
            _save(_rank_figure([(c, t) for c, t in chosen if t.placed]), folder / f"ranks_{family}.svg")
            figures.append(f"ranks_{family}.svg")
    predicted = [(c, records[c.name].tally) for c in cases if c.name in records and records[c.name].tally.predicted]
    if predicted:
        _save(_probability_figure(predicted), folder / "probabilities.svg")
        figures.append("probabilities.svg")
    write_atomic(folder / "README.md", _page(cases, records, rows, figures))


def _row(case: Case, record: Record) -> Plain:
    tally, verdict = record.tally, verdict_of(record.tally)
    continuous = [t for t in tally.placed.values() if t.continuous]
    total = sum(t.simulations for t in continuous)
    predicted, happened = tally.favoured()
    return {
        "case": case.name,
        "model": case.title,
        "engine": "; ".join(f"{name} ({n})" if n < tally.simulations else name for name, n in tally.engines.items()),
        "simulations": tally.simulations,
        "quantities": len(tally.placed) + len(tally.predicted),
        "coverage_50": round(100 * sum(t.inside_50 for t in continuous) / total, 1) if total else None,
        "coverage_95": round(100 * sum(t.inside_95 for t in continuous) / total, 1) if total else None,
        "predicted": round(predicted, 1),
        "happened": happened,
        "not_converged": tally.not_converged,
        "p": float(f"{verdict.p:.2g}"),
        "worst": f"{verdict.worst.of}: {verdict.worst.quantity}" if verdict.worst else "",
        "calibrated": "yes" if verdict.calibrated else "NO",
    }


def _csv(rows: Sequence[PlainMapping]) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _page(
    cases: Sequence[Case], records: Mapping[str, Record], rows: Sequence[PlainMapping], figures: Sequence[str]
) -> str:
    run = [(c, records[c.name].tally.simulations) for c in cases if c.name in records]
    small = [f"`{c.name}` ({n})" for c, n in run if n < full_size(c)]
    absent = [f"`{c.name}` ({c.title})" for c in cases if c.name not in records]
    old = [f"`{name}`" for name in out_of_date(cases, records)]
    head = (
        "case",
        "model",
        "engine",
        "simulations",
        "inside 50 %",
        "inside 95 %",
        "predicted / happened",
        "p",
        "calibrated",
    )
    lines = [
        "# Calibration",
        "",
        "Written by `make calibrate`; how to read it is in [validation.md](../validation.md#calibration). In every",
        "simulation a truth is drawn from the prior, data from the truth, and the posterior is computed as in a run.",
        "If it is right, the truth has every rank among the draws equally often, 50 and 95 % intervals hold it as",
        "often as they say, and what has probability p is true in a share p of the simulations.",
        "",
        f"`p` is the smallest p value of all tests of a model times their number; below {LEVEL:g} a model is not",
        "calibrated. Coverage is the mean over all continuous quantities. Predicted: how often what was more probable",
        "than not should have been true, by its probabilities; happened: how often it was.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for row in rows:
        cells = (
            f"`{row['case']}`", row["model"], row["engine"], row["simulations"], _shown(row["coverage_50"]),
            _shown(row["coverage_95"]),
            f"{row['predicted']} / {row['happened']}" if row["predicted"] or row["happened"] else "",
            row["p"], row["calibrated"],
        )  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    for title, names in (
        (f"Not at full size ({FULL} simulations, sampled models {FULL_SAMPLED})", small),
        ("Not yet run", absent),
        ("Run with other code than today's", old),
    ):
        if names:
            lines += ["", f"**{title}:** {', '.join(names)}."]
    for figure in figures:
        about = "probabilities" if figure.startswith("prob") else f"ranks, {figure[6:-4]}"
        lines += ["", f"![Calibration of {about}]({figure})"]
    return "\n".join(lines) + "\n"


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value} %"


# ---- figures ---------------------------------------------------------------------------------------


def _save(figure: Figure, path: Path) -> None:
    import io

    from bayes_escc.plots.style import house_style

    with house_style():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    write_atomic(path, buffer.getvalue())


def _grid(number: int) -> tuple[Figure, list[Axes]]:
    from bayes_escc.plots.style import blank_figure

    rows = -(-number // _PANELS)
    figure = blank_figure(12 + 44 * rows, converged=True)
    axes = np.atleast_1d(figure.subplots(rows, min(_PANELS, max(number, 1)), squeeze=False)).ravel()
    for axis in axes[number:]:
        axis.set_axis_off()
    return figure, list(axes[:number])


def _rank_figure(cases: Sequence[tuple[Case, Tally]]) -> Figure:
    """Of every case the share of ranks up to a rank, less what is expected, with a band for all ranks at once."""
    from scipy import stats

    from bayes_escc.plots.style import BLACK, BLUE, GREY, house_style

    with house_style():
        figure, axes = _grid(len(cases))
        expected = np.arange(1, RANKS + 1) / RANKS
        for axis, (case, tally) in zip(axes, cases, strict=True):
            number = min(t.simulations for t in tally.placed.values())
            band = float(stats.kstwo.isf(0.05 / len(tally.placed), number))
            axis.axhspan(-band, band, color="#DDDDDD", lw=0)
            axis.axhline(0.0, color=GREY, lw=0.6)
            for name, t in tally.placed.items():
                excess = np.cumsum(t.ranks) / t.simulations - expected
                axis.plot(expected, excess, color=BLACK if name == "log likelihood" else BLUE, lw=0.7, alpha=0.8)
            axis.set_title(f"{case.name} ({number})", fontsize=8)
            axis.set_ylim(-max(0.2, 1.4 * band), max(0.2, 1.4 * band))
            axis.set_xticks([0, 0.5, 1])
        figure.supylabel("share of ranks up to here, minus expected", fontsize=8)
        figure.supxlabel(
            "rank of the truth among the draws, as a share. Black: log likelihood; blue: all else. Grey: 95 % of right "
            "posteriors stay inside",
            fontsize=8,
        )
    return figure


def _probability_figure(cases: Sequence[tuple[Case, Tally]]) -> Figure:
    """How often something was true against the probability it was given, by tenths, of each case."""
    from bayes_escc.plots.style import BLUE, GREY, house_style

    with house_style():
        figure, axes = _grid(len(cases))
        for axis, (case, tally) in zip(axes, cases, strict=True):
            number, expected, true, variance = (
                sum(getattr(t, name) for t in tally.predicted.values())
                for name in ("number", "expected", "true", "variance")
            )
            used = number > 0
            mean, share = expected[used] / number[used], true[used] / number[used]
            # several questions of one simulation depend on each other: as if they were one
            reach = 1.96 * np.sqrt(variance[used] * len(tally.predicted)) / number[used]
            axis.plot([0, 1], [0, 1], color=GREY, lw=0.6)
            axis.vlines(mean, np.clip(mean - reach, 0, 1), np.clip(mean + reach, 0, 1), color="#BBBBBB", lw=3)
            axis.plot(mean, share, "o", color=BLUE, ms=2.5)
            axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
            axis.set_title(f"{case.name} ({tally.simulations})", fontsize=8)
        figure.supxlabel("posterior probability; grey: where 95 % of right probabilities lie", fontsize=8)
        figure.supylabel("share in which it was true", fontsize=8)
    return figure
