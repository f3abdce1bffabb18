"""Figures of a network: who was compared with whom, ranks, and the league table."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.answers.league import league_cells, league_groups, mirrored
from bayes_escc.names import REGIMEN, Direction, format_probability
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, SKY, finish, house_style, new_figure, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["league", "network", "ranks"]

MAX_NAMED: Final = 10
"""Most regimens whose names stand beside their nodes; more are numbered, with a key."""
Place = tuple[float, float]


def network(posterior: Posterior) -> Figure:
    """Draw the network: one node per regimen, one edge per comparison made inside trials.

    The area of a node grows with the patients who got the regimen, or with its trials where no
    numbers of patients are given; the width of an edge with the trials that hold both. A trial of
    three or more arms shades the area between them.
    """
    names = [str(r) for r in posterior.estimand("effect")[REGIMEN].to_numpy()]
    by_study: dict[str, list[str]] = {}
    patients: dict[str, float] = dict.fromkeys(names, 0.0)
    unknown: dict[str, int] = dict.fromkeys(names, 0)
    for arm in posterior.arms:
        by_study.setdefault(arm.study, []).append(arm.regimen)
        patients[arm.regimen] += arm.patients or 0
        unknown[arm.regimen] += arm.patients is None
    trials = {r: sum(r in arms for arms in by_study.values()) for r in names}
    pairs: dict[tuple[str, str], int] = {}
    for arms in by_study.values():
        for a, b in combinations(sorted(set(arms)), 2):
            pairs[a, b] = pairs.get((a, b), 0) + 1
    counted = any(patients.values())
    place, star = _places(names, pairs, trials)
    numbered = len(names) > MAX_NAMED
    key = "; ".join(f"{i} {name}" for i, name in enumerate(names, start=1)) + ". " if numbered else ""
    with house_style():
        figure, (axes,) = new_figure(
            112 + (3 * len(names) if numbered else 0), converged=posterior.diagnostics.converged
        )
        for arms in by_study.values():
            if len(arms) > 2:
                corners = sorted((place[r] for r in set(arms)), key=lambda p: np.arctan2(p[1], p[0]))
                axes.fill(*zip(*corners, strict=True), color=ORANGE, alpha=0.25, linewidth=0, zorder=0)
        widest = max(pairs.values())
        for (a, b), count in pairs.items():
            width = 1.0 + 1.4 * (count - 1) * min(1.0, 6.0 / widest)
            axes.plot(*zip(place[a], place[b], strict=True), color=SKY, linewidth=width, zorder=1)
            if count > 1:
                middle = (0.5 * (place[a][0] + place[b][0]), 0.5 * (place[a][1] + place[b][1]))
                axes.text(*middle, str(count), fontsize=7, ha="center", va="center", zorder=4, bbox=_BOX)
        most = max(patients.values()) if counted else max(trials.values())
        for name, (x, y) in place.items():
            share = (patients[name] if counted else trials[name]) / most
            hollow = counted and patients[name] == 0
            area = 40.0 if hollow else max(760.0 * share, 12.0)
            axes.scatter(
                [x],
                [y],
                s=area,
                color="white" if hollow else BLUE,
                zorder=2,
                edgecolors=BLUE if hollow else "white",
                linewidths=1.2,
            )
            label = str(names.index(name) + 1) if numbered else wrapped(name, 24)
            label += _size(patients[name], unknown[name]) if counted else ""
            _name(axes, label, (x, y), area, star)
        axes.set_xlim(-2.75, 2.75)
        axes.set_ylim(-1.45, 1.45)
        axes.set_axis_off()
        return finish(
            figure,
            title=f"Network of {len(names)} regimens and {len(by_study)} trials. {posterior.analysis.title}",
            footnote=key + _note(counted, unknown, trials, any(len(a) > 2 for a in by_study.values())),
        )


_BOX: Final = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}


def _places(
    names: list[str], pairs: dict[tuple[str, str], int], trials: dict[str, int]
) -> tuple[dict[str, Place], bool]:
    """Places on an ellipse; if all comparisons are with one regimen, that one in the middle."""
    hub = max(names, key=lambda r: trials[r])
    star = all(hub in pair for pair in pairs) and len(names) > 3
    ring = [r for r in names if not (star and r == hub)]
    angle = {r: np.pi / 2 - 2 * np.pi * (i + (0.5 if star else 0.0)) / len(ring) for i, r in enumerate(ring)}
    place = {r: (float(1.75 * np.cos(a)), float(np.sin(a))) for r, a in angle.items()}
    return place | ({hub: (0.0, 0.0)} if star else {}), star


def _size(patients: float, unknown: int) -> str:
    if patients == 0:
        return "\n(n not given)"
    return f"\n(n = {patients:.0f}{' + ?' if unknown else ''})"


def _name(axes: Axes, label: str, at: Place, area: float, star: bool) -> None:
    """Write a regimen beside its node, away from the middle, clear of node and edges."""
    x, y = at
    gap = 3.0 + 0.5 * np.sqrt(area)
    if star and x == 0.0 and y == 0.0:
        axes.annotate(
            label,
            at,
            xytext=(0, -gap),
            textcoords="offset points",
            fontsize=7.5,
            ha="center",
            va="top",
            bbox=_BOX,
            zorder=5,
        )
        return
    aside = abs(y) < 0.45
    across = "center" if not aside else "left" if x > 0 else "right"
    offset = (gap * np.sign(x), 0.0) if aside else (0.0, gap * np.sign(y))
    axes.annotate(
        label,
        at,
        xytext=offset,
        textcoords="offset points",
        fontsize=7.5,
        ha=across,
        zorder=5,
        bbox=_BOX,
        va="center" if aside else "bottom" if y > 0 else "top",
    )


def _note(counted: bool, unknown: dict[str, int], trials: dict[str, int], multi: bool) -> str:
    parts = [
        "Node area: patients who got the regimen."
        if counted
        else "Node area: trials of the regimen; numbers of patients are not given."
    ]
    missing, total = sum(unknown.values()), sum(trials.values())
    if counted and missing:
        parts.append(f"They are not given for {missing} of {total} arms (hollow, or + ?).")
    parts.append("Edge width: trials that compare the two; a number where more than one does.")
    parts += ["Shaded: trials of three or more arms."] if multi else []
    return " ".join(parts)


def _stated(posterior: Posterior, estimand: str) -> Direction | None:
    """The better direction that the analysis states for an estimand."""
    return next((c.better for c in posterior.analysis.comparisons if c.estimand == estimand), None)


def ranks(posterior: Posterior, *, estimand: str = "effect", better: Direction | None = None) -> Figure:
    """Draw the rankogram of a network as a heat map: P(rank) of every regimen, best first by SUCRA."""
    better = better or _stated(posterior, estimand)
    rows = sorted(posterior.ranking_rows(estimand, better=better), key=lambda r: float(r["mean_rank"]))
    names, table = posterior.rank_table(estimand, better=better)
    k = len(rows)
    table = table[[names.index(r[REGIMEN]) for r in rows]]
    top = max(0.6, float(table.max()))
    with house_style():
        figure, (axes,) = new_figure(36 + 8 * k, converged=posterior.diagnostics.converged)
        axes.imshow(table, cmap="Blues", vmin=0.0, vmax=top, aspect="auto")
        size = 7.5 if k <= 14 else 5.5
        for i, row in enumerate(rows):
            for rank in range(k):
                p = table[i, rank]
                shown = f"{100 * p:.0f}" if 0.005 <= p < 0.995 else "<1" if p < 0.5 else ">99"
                axes.text(
                    rank, i, shown, ha="center", va="center", fontsize=size, color="white" if p > 0.6 * top else BLACK
                )
            for x, text in (
                (1.02, f"{row['median_rank']} ({row['lower_rank']} to {row['upper_rank']})"),
                (1.18, f"{row['sucra']:.2f}"),
            ):
                axes.annotate(text, (x, i), xycoords=("axes fraction", "data"), va="center", fontsize=7.5)
        for x, text in ((1.02, f"Median\n({100 * rows[0]['ci_prob']:g} % CrI)"), (1.18, "SUCRA")):
            axes.annotate(
                text,
                (x, -0.6),
                xycoords=("axes fraction", "data"),
                va="bottom",
                fontsize=7.5,
                color=GREY,
                fontweight="bold",
                annotation_clip=False,
            )
        axes.set_yticks(range(k), [wrapped(str(r[REGIMEN]), 38) for r in rows])
        axes.set_xticks(range(k), [str(r) for r in range(1, k + 1)])
        axes.tick_params(length=0, axis="both")
        for tick in axes.get_yticklabels():
            tick.set_fontsize(7.5)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel("Rank (1 is best)")
        return finish(
            figure,
            title=f"Ranks. {posterior.analysis.title}",
            footnote="Cells: probability of each rank in per cent. Ranks differ more than effects do: read them "
            "with the intervals of the effects.",
        )


def league(posterior: Posterior, *, estimand: str = "effect", better: Direction | None = None) -> Figure:
    """Draw the league table: estimates above the diagonal, P(better) below, each the row against the column."""
    better = better or _stated(posterior, estimand)
    rows = league_groups(posterior.league_rows(estimand, better=better))[0]
    order, cells = league_cells(rows)
    k = len(order)
    known = {(r[REGIMEN], r["reference"]): r for pair in rows for r in (pair, mirrored(pair))}
    # a name fits its cell on the diagonal: as wide as the cell, in as many lines as it takes
    size = 7.0 if k <= 6 else 6.0 if k <= 8 else 5.2
    width = max(8, int(178 / k / (0.235 * size)))
    labels = [wrapped(name, width) for name in order]
    height = max(9.0, 3.2 + 0.42 * size * max(label.count("\n") + 1 for label in labels))
    with house_style():
        figure, (axes,) = new_figure(26 + height * k, converged=posterior.diagnostics.converged)
        shade = np.full((k, k), np.nan)
        for i, a in enumerate(order):
            for j, b in enumerate(order):
                if i == j:
                    text, weight = labels[i], "bold"
                elif i < j:
                    # the interval goes under the estimate, as journals set it
                    text, weight = cells[i][j].replace(" (", "\n(", 1), "normal"
                else:
                    row = known[a, b]
                    shade[i, j] = row["probability_better"]
                    text = f"P = {format_probability(row['probability_better'], row['mcse_probability'])}"
                    text, weight = text.replace("= >", "> ").replace("= <", "< "), "normal"
                axes.text(j, i, text, ha="center", va="center", fontsize=size, fontweight=weight)
        axes.imshow(shade, cmap="Greys", vmin=0.0, vmax=2.0, aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
        axes.grid(which="minor", color=GREY, linewidth=0.4)
        axes.tick_params(which="both", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        ci = 100 * rows[0]["ci_prob"]
        unit = str(posterior.estimand(estimand).attrs["unit"])
        return finish(
            figure,
            title=f"League table. {posterior.analysis.title}",
            footnote=f"Every cell: the regimen of its row against that of its column. Above the diagonal: {unit}, "
            f"median ({ci:g} % credible interval). Below: probability that the row is better. Best ranked first.",
        )
