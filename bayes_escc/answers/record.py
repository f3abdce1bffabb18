"""What a saved posterior says of itself beside its draws: where it came from, and what was told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.storage import load_tree
from bayes_escc.errors import RecordError
from bayes_escc.evidence import Arm
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.inference.groups import Groups, Late
from bayes_escc.names import Plain, PlainMapping

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Facts", "read_parts", "record_text"]

FORMAT_VERSION: Final = 1


@dataclass(frozen=True)
class Facts:
    """What is told of the data and the priors behind a posterior.

    Parameters
    ----------
    evidence : mapping
        Rows, patients, events and warnings of the data.
    priors : tuple of str
        Every prior in words.
    """

    evidence: PlainMapping
    priors: tuple[str, ...]


class Recorded(Protocol):
    """What is recorded of a posterior."""

    @property
    def analysis(self) -> Analysis:
        """What was asked."""

    @property
    def data_sha256(self) -> str:
        """Digest of the table it was asked of."""

    @property
    def evidence(self) -> PlainMapping:
        """Rows, patients, events and warnings of the data."""

    @property
    def priors(self) -> tuple[str, ...]:
        """Every prior in words."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Where the evidence on each regimen comes from."""

    @property
    def sampler(self) -> str:
        """How it was computed."""

    @property
    def diagnostics(self) -> Diagnostics:
        """Whether it can be trusted."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Software."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Wall time."""


def record_text(posterior: Recorded) -> str:
    """The record of a posterior, as its file holds it."""
    record = {
        "format": FORMAT_VERSION,
        "analysis": json.loads(posterior.analysis.content),
        "analysis_sha256": posterior.analysis.sha256,
        "sampling": vars(posterior.analysis.sampling),
        "data_sha256": posterior.data_sha256,
        "evidence": dict(posterior.evidence),
        "arms": [asdict(a) for a in posterior.arms],
        "sampler": posterior.sampler,
        "diagnostics": posterior.diagnostics.to_dict(),
        "priors": list(posterior.priors),
        "versions": dict(posterior.versions),
        "seconds": dict(posterior.seconds),
    }
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def read_parts(path: Path) -> Plain:
    """The parts of a saved posterior, its digest verified.

    Raises
    ------
    RecordError
        If the file is not one of ours, is damaged or was made by a newer version.
    """
    tree, text = load_tree(path)
    try:
        record = json.loads(text)
        if record["format"] > FORMAT_VERSION:
            raise RecordError(
                f"{path.name} has format {record['format']}; this version reads up to {FORMAT_VERSION}: "
                "update bayes_escc."
            )
        return _parts(tree, record)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path.name} holds a record that cannot be understood: {error!r}.") from None


def _parts(tree: xr.DataTree, record: PlainMapping) -> Plain:
    analysis = Analysis.from_dict(record["analysis"], sha256=record["analysis_sha256"])
    diagnostics = {**record["diagnostics"], "messages": tuple(record["diagnostics"]["messages"])}
    return {
        "groups": Groups.of(tree),
        "analysis": analysis.with_sampling(**record["sampling"]),
        "data_sha256": record["data_sha256"],
        "facts": Late.known(Facts(record["evidence"], tuple(record["priors"]))),
        "arms": tuple(Arm(**a) for a in record["arms"]),
        "sampler": record["sampler"],
        "diagnostics": Diagnostics(**diagnostics),
        "versions": record["versions"],
        "seconds": record["seconds"],
    }
