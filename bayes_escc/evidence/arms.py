"""Where the evidence on a regimen comes from, and which studies stand between two regimens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bayes_escc.names import DESIGNS

__all__ = ["Arm", "design_of_study", "design_said", "studies_between"]


@dataclass(frozen=True)
class Arm:
    """One regimen of one study, on one endpoint.

    Parameters
    ----------
    study, regimen, endpoint : str
    design : str
        One of `names.DESIGNS`, or empty where the table does not say.
    patients : int, optional
        Who got the regimen, where the table says so.
    linked : bool
        Whether its study tells of contrasts alone (it has a level of its own, or gives effects), so that regimens are
        compared within it and through chains of such studies, as in a network.
    borrows : bool
        Whether what is known of it rests on patients of earlier trials besides.
    """

    study: str
    regimen: str
    endpoint: str
    design: str = ""
    patients: int | None = None
    linked: bool = False
    borrows: bool = False


def design_said(text: object) -> str:
    """A design as the package spells it; empty where a cell holds none."""
    said = str(text).strip().casefold().replace("randomized", "randomised")
    return said if said in DESIGNS else ""


def design_of_study(cells: Iterable[object]) -> str:
    """The design of a study from the cells of its rows: the least protected that any of them states."""
    stated = {design_said(cell) for cell in cells}
    return next((design for design in reversed(DESIGNS) if design in stated), "")


def studies_between(arms: Iterable[Arm], regimen: str, reference: str) -> set[str]:
    """Studies that inform the contrast of two regimens of a network: those on some path from one to the other.

    Notes
    -----
    A comparison within a study lies on such a path exactly if it is in one block (biconnected component) with an
    edge that joins the two regimens directly.
    """
    members: dict[str, list[str]] = {}
    if regimen == reference:
        return set()
    for arm in arms:
        if arm.regimen not in members.setdefault(arm.study, []):
            members[arm.study].append(arm.regimen)
    edges = [(regimen, reference, "")]
    for study, regimens in members.items():
        edges += [(a, b, study) for i, a in enumerate(regimens) for b in regimens[:i]]
    block = next(block for block in _blocks(edges) if 0 in block)
    return {edges[i][2] for i in block} - {""}


def _blocks(edges: Sequence[tuple[str, str, str]]) -> list[set[int]]:
    """The biconnected components of a graph that may have parallel edges, as numbers of edges (Tarjan 1972)."""
    around: dict[str, list[tuple[int, str]]] = {}
    for i, (a, b, _) in enumerate(edges):
        around.setdefault(a, []).append((i, b))
        around.setdefault(b, []).append((i, a))
    depth: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[int] = []
    found: list[set[int]] = []

    def visit(vertex: str, arrived_by: int | None) -> None:
        depth[vertex] = low[vertex] = len(depth)
        for i, other in around[vertex]:
            if i == arrived_by:
                continue
            if other not in depth:
                stack.append(i)
                visit(other, i)
                low[vertex] = min(low[vertex], low[other])
                if low[other] >= depth[vertex]:
                    place = stack.index(i)
                    found.append(set(stack[place:]))
                    del stack[place:]
            elif depth[other] < depth[vertex]:
                stack.append(i)
                low[vertex] = min(low[vertex], depth[other])

    for vertex in around:
        if vertex not in depth:
            visit(vertex, None)
    return found
