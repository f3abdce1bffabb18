"""Figures of a simulated design: decisions, power, size and duration, a calibrated threshold, drift, convergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, SKY, VERMILION, finish, house_style, new_figure, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "data_of",
    "design_calibration",
    "design_convergence",
    "design_decisions",
    "design_drift",
    "design_duration",
    "design_power",
    "footnote_of",
    "is_trusted",
    "probability_axis",
]

_COLOURS = (BLUE, VERMILION, ORANGE, SKY, GREY, BLACK)
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)))


def design_decisions(result: Any) -> Figure:
    """Draw how often a design goes and stops, at each look, by truth.

    Parameters
    ----------
    result : DesignResult or mapping
        Of `Design.simulate`, or the content of its ``design.json``. The largest of several sizes is drawn.

    Returns
    -------
    matplotlib.figure.Figure
        A bar per truth: blue goes and orange stops, darker where that is right, a shade lighter for every later look.
    """
    data = data_of(result)
    most = max(row["most"] for row in data["scenarios"])
    rows = [row for row in data["scenarios"] if row["most"] == most]
    with house_style():
        figure, (axes,) = new_figure(34 + 16 * len(rows), converged=is_trusted(data))
        for place, row in enumerate(rows):
            looks = [look for look in data["looks"] if look["most"] == most and look["truth"] == row["truth"]]
            _draw_decisions(axes, place, row, looks)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([wrapped(row["truth"], 24) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel("Share of trials: goes (from the left), neither (white), stops (hatched, to the right)")
        return finish(
            figure, title=f"Decisions by truth and look: {data['design']['title']}", footnote=footnote_of(data)
        )


def _draw_decisions(axes: Axes, place: int, row: PlainMapping, looks: Sequence[PlainMapping]) -> None:
    right = row["should_go"]
    numbers = sorted({look["look"] for look in looks})
    for key, colour, wrong, hatch in (("go", BLUE, right is False, ""), ("stop", ORANGE, right is True, "////")):
        edge = 0.0 if key == "go" else 1.0 - row["stop"]["value"]
        ended = {n: sum(look[key]["value"] for look in looks if look["look"] == n) for n in numbers}
        total = sum(ended.values()) or 1.0
        for i, n in enumerate(numbers):
            width = ended[n] / total * row[key]["value"]  # enumerated where that is possible
            if width <= 0:
                continue
            axes.barh(
                place,
                width,
                0.62,
                left=edge,
                color=VERMILION if wrong else colour,
                alpha=1.0 - 0.6 * i / max(1, len(numbers) - 1) if len(numbers) > 1 else 0.9,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.6,
            )
            if width > 0.07:
                ink = "white" if i == 0 and not hatch else BLACK
                axes.text(
                    edge + width / 2, place, f"{n}: {width:.2f}", ha="center", va="center", fontsize=6.5, color=ink
                )
            edge += width


def design_power(result: Any) -> Figure:
    """Draw P(go) over the number of patients, or by truth where one size was simulated.

    Parameters
    ----------
    result : DesignResult or mapping

    Returns
    -------
    matplotlib.figure.Figure
        With 95 % Monte Carlo intervals. With a design prior, a second panel has P(go) over the true effect, the
        prior in grey and darker where the truth is effective.
    """
    data = data_of(result)
    prior = _of_most(data["design_prior"])
    truths = list(dict.fromkeys(row["truth"] for row in data["scenarios"]))
    sizes = sorted({row["most"] for row in data["scenarios"]})
    with house_style():
        figure, panels = new_figure(80, converged=is_trusted(data), panels=2 if prior else 1)
        axes = panels[0]
        for i, truth in enumerate(truths):
            rows = sorted((r for r in data["scenarios"] if r["truth"] == truth), key=lambda r: r["most"])
            at = [r["most"] for r in rows] if len(sizes) > 1 else [i]
            value = np.array([r["go"]["value"] for r in rows])
            low, high = (np.array([r["go"][k] for r in rows]) for k in ("lower", "upper"))
            colour, dash = _COLOURS[i % 6], _DASHES[i % 6]
            axes.errorbar(at, value, [value - low, high - value], color=colour, ls=dash, marker="o", ms=3, label=truth)
        _mark_size(axes, data)
        axes.set_ylim(0, 1)
        axes.set_ylabel("P(go)")
        if len(sizes) > 1:
            axes.set_xlabel("Patients at most")
            axes.legend(frameon=False)
        else:
            axes.set_xticks(range(len(truths)))
            axes.set_xticklabels([wrapped(t, 22) for t in truths])
            axes.set_xlim(-0.6, len(truths) - 0.4)
        if prior:
            _draw_over_prior(panels[1], prior["curve"], data["stated"]["design_prior"])
        return finish(figure, title=f"P(go): {data['design']['title']}", footnote=footnote_of(data))


def _of_most(rows: Sequence[PlainMapping]) -> PlainMapping | None:
    """The design prior's row of the largest size, where it has a curve to draw."""
    found = max(rows, key=lambda row: row["most"], default=None)
    return found if found is not None and len(found.get("curve") or ()) > 1 else None


def _draw_over_prior(axes: Axes, curve: Sequence[PlainMapping], prior: PlainMapping) -> None:
    """P(go) over the true effect, and the density of the design prior behind it."""
    width = np.array([b["to"] - b["from"] for b in curve])
    density = np.array([b["share"] for b in curve]) / width
    cut = prior["below"] if prior["below"] is not None else prior["above"]
    for bin_, height in zip(curve, density / density.max(), strict=True):
        for low, high in ((bin_["from"], min(bin_["to"], cut)), (max(bin_["from"], cut), bin_["to"])):
            if high > low:
                effective = (high <= cut) == (prior["below"] is not None)
                axes.fill_between([low, high], 0.0, height, color=GREY, alpha=0.45 if effective else 0.15, lw=0)
    at = [b["effect"] for b in curve]
    axes.plot(at, [b["go"]["value"] for b in curve], color=BLUE)
    axes.fill_between(at, [b["go"]["lower"] for b in curve], [b["go"]["upper"] for b in curve], color=BLUE, alpha=0.25)
    axes.axvline(cut, color=GREY, lw=0.8, ls=":")
    axes.set_ylim(0, 1)
    axes.set_ylabel("P(go)")
    ratio = prior["estimand"] == "hazard_ratio"
    axes.set_xlabel("True hazard ratio" if ratio else "True rate, or difference of rates")


def _mark_size(axes: Axes, data: PlainMapping) -> None:
    found = data["sample_size"]
    if not found or found["patients"] is None:
        return
    axes.axhline(found["power"], color=GREY, lw=0.8, ls=":")
    axes.axvline(found["patients"], color=GREY, lw=0.8, ls=":")
    if found["lower"] is not None:
        axes.axvspan(found["lower"], found["upper"], color=GREY, alpha=0.2, lw=0)


def design_duration(result: Any) -> Figure:
    """Draw the distributions of the number of patients and of the duration, by truth.

    Parameters
    ----------
    result : DesignResult or mapping
        The largest of several sizes is drawn.
    """
    data = data_of(result)
    most = max(row["most"] for row in data["distributions"])
    rows = [row for row in data["distributions"] if row["most"] == most]
    share = np.linspace(0, 1, 101)
    with house_style():
        figure, panels = new_figure(58, converged=is_trusted(data), panels=2)
        for axes, key in zip(panels, ("patients", "months"), strict=True):
            for i, row in enumerate(rows):
                name, colour, dash = wrapped(row["truth"], 28), _COLOURS[i % 6], _DASHES[i % 6]
                axes.step(row[key], share, where="post", color=colour, ls=dash, label=name)
            axes.set_xlabel({"patients": "Patients entered", "months": "Months from the first entry"}[key])
            axes.set_ylim(0, 1)
            axes.set_ylabel("Share of trials ended")
        panels[0].legend(frameon=False, loc="upper left")
        return finish(
            figure, title=f"Size and duration: {data['design']['title']}", footnote=footnote_of(data, counted=True)
        )


def design_calibration(result: Any) -> Figure:
    """Draw false alarms over the threshold, with the one that was chosen.

    Parameters
    ----------
    result : DesignResult or mapping

    Raises
    ------
    AnalysisError
        If the design calibrates nothing.
    """
    data = data_of(result)
    found = data["calibration"]
    if not found or not found["curve"]:
        raise AnalysisError("the design has no [calibration]: no threshold was sought.")
    at = np.array([p["threshold"] for p in found["curve"]])
    share, low, high = (np.array([p[k] for p in found["curve"]]) for k in ("share", "lower", "upper"))
    with house_style():
        figure, (axes,) = new_figure(80, converged=is_trusted(data))
        axes.fill_between(at, low, high, color=SKY, alpha=0.4, lw=0)
        axes.plot(at, share, color=BLUE)
        axes.axhline(found["false_alarm"], color=GREY, lw=0.8, ls=":")
        axes.plot([found["value"]], [found["false_alarm"]], "o", color=VERMILION, ms=5)
        axes.annotate(
            f"{found['key']} {found['value']:.4f}",
            (found["value"], found["false_alarm"]),
            xytext=(6, 8),
            textcoords="offset points",
        )
        axes.set_xlabel(f"{found['key']} of {found['rule']}")
        axes.set_ylabel("False alarms, worst null truth")
        axes.set_ylim(0, max(0.05, 4 * found["false_alarm"]))
        return finish(figure, title=f"Calibration: {data['design']['title']}", footnote=footnote_of(data, counted=True))


def design_drift(result: Any) -> Figure:
    """Draw P(go) where the rates of all arms have moved away from those stated.

    Parameters
    ----------
    result : DesignResult or mapping

    Raises
    ------
    AnalysisError
        If the design has no drift.
    """
    data = data_of(result)
    if not data["drift"]:
        raise AnalysisError("the design has no [drift], and no reference arm that borrows.")
    most = max(row["most"] for row in data["drift"])
    with house_style():
        figure, (axes,) = new_figure(80, converged=is_trusted(data))
        for i, truth in enumerate(dict.fromkeys(row["truth"] for row in data["drift"])):
            rows = [row for row in data["drift"] if row["truth"] == truth and row["most"] == most]
            value = np.array([r["go"]["value"] for r in rows])
            low, high = (np.array([r["go"][k] for r in rows]) for k in ("lower", "upper"))
            at = [r["drift"] for r in rows]
            bars = [value - low, high - value]
            axes.errorbar(at, value, bars, color=_COLOURS[i % 6], ls=_DASHES[i % 6], marker="o", ms=3, label=truth)
        axes.axvline(0.0, color=GREY, lw=0.8, ls=":")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("Drift: true rates of all arms minus those stated")
        axes.set_ylabel("P(go)")
        axes.legend(frameon=False)
        return finish(figure, title=f"P(go) over drift: {data['design']['title']}", footnote=footnote_of(data))


def design_convergence(result: Any) -> Figure:
    """Draw P(go) as trials are added, with its 95 % Monte Carlo interval, by truth.

    Parameters
    ----------
    result : DesignResult or mapping
        The largest of several sizes is drawn.
    """
    data = data_of(result)
    most = max(row["most"] for row in data["distributions"])
    rows = [row for row in data["distributions"] if row["most"] == most]
    with house_style():
        figure, (axes,) = new_figure(80, converged=is_trusted(data))
        for i, row in enumerate(rows):
            n, share, low, high = np.array(row["running"]).T
            axes.fill_between(n, low, high, color=_COLOURS[i % 6], alpha=0.2, lw=0)
            axes.plot(n, share, color=_COLOURS[i % 6], ls=_DASHES[i % 6], label=row["truth"])
        axes.set_xlabel("Trials")
        axes.set_ylabel("P(go)")
        axes.set_ylim(0, 1)
        axes.legend(frameon=False)
        return finish(figure, title=f"Convergence: {data['design']['title']}", footnote=footnote_of(data, counted=True))


def data_of(result: Any) -> PlainMapping:
    """The content of `design.json`, of a result or as it is."""
    data: PlainMapping = result if isinstance(result, Mapping) else result.to_dict()
    return data


def is_trusted(data: PlainMapping) -> bool:
    """Whether the audit of a design agrees."""
    return data["audit"] is None or bool(data["audit"]["agrees"])


def probability_axis(axes: Axes, limits: Sequence[float]) -> float:
    """Stretch an axis of probabilities towards 0 and 1, so that thresholds near them can be seen.

    Parameters
    ----------
    axes : Axes
    limits : sequence of float
        Thresholds.

    Returns
    -------
    float
        The smallest probability drawn, and the distance of the largest from 1.
    """
    closest = min((min(v, 1.0 - v) for v in limits), default=0.01)
    edge = min(0.004, closest / 3.0)
    axes.set_yscale("logit")
    axes.set_ylim(edge, 1.0 - edge)
    ticks = [t for t in (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999) if edge <= t <= 1.0 - edge]
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.set_ylabel("Probability")
    return edge


def footnote_of(data: PlainMapping, *, counted: bool = False) -> str:
    """Trials, largest Monte Carlo error, seed and audit, as every caption of a simulation should say."""
    error = max(max(row["go"]["mcse"], row["stop"]["mcse"]) for row in data["scenarios"])
    said = f"{data['trials']:,} trials by truth, seed {data['design']['seed']}"
    if counted and not error:
        said += "."
    else:
        said += f", largest Monte Carlo error of a share {error:.4f}." if error else "; shares are exact."
    audit = data["audit"]
    if audit:
        word = "agree" if audit["agrees"] else "DISAGREE"
        said += f" {audit['trials']} trials fitted again {word} (largest difference {audit['largest']:.3f})."
    return said
