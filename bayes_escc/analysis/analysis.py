"""One pre-specified analysis: what a TOML file of `models/` may say, read and checked.

Nothing in a file is evaluated. All problems are reported together, each with its path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from bayes_escc.analysis.borrowing import BorrowingSpec, read_borrowing
from bayes_escc.analysis.data import DataSpec, read_data
from bayes_escc.analysis.questions import (
    ComparisonSpec,
    PredictionSpec,
    ThresholdSpec,
    one_direction,
    read_comparison,
    read_prediction,
    read_threshold,
)
from bayes_escc.errors import UNPRINTABLE, AnalysisError
from bayes_escc.evidence.endpoints import endpoint_direction, time_endpoint
from bayes_escc.evidence.population.published import PublishedSpec, read_published, read_target
from bayes_escc.evidence.population.stated import StatedBias, read_bias
from bayes_escc.evidence.table import Table
from bayes_escc.families import FAMILIES, get_family
from bayes_escc.families.specification import Specification
from bayes_escc.names import Direction, NotebookView, PlainMapping
from bayes_escc.rules import Rule, read_rules
from bayes_escc.settings.files import read_toml
from bayes_escc.settings.questions import problems_with_interval
from bayes_escc.settings.reader import Reader, raise_problems, shortened

__all__ = ["Analysis", "DataSpec", "SamplingSpec"]

SCHEMA_VERSION = 1
MAX_ID = 150
"""Bytes of an id, beside which names of figures and endings stand in a file's name of at most 255."""
MAX_DRAWS = 10_000_000
SAMPLERS = ("auto", "exact", "nuts", "laplace")
Sampler = Literal["auto", "exact", "nuts", "laplace"]


@dataclass(frozen=True)
class SamplingSpec:
    """How the posterior is computed; pinned, so that the machine does not matter."""

    sampler: Sampler = "auto"
    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 1


@dataclass(frozen=True)
class Analysis(NotebookView):
    """The checked content of one analysis.

    Parameters
    ----------
    id, title, question : str
    family : str
    data : DataSpec
    spec : Specification
        Options and priors of the family, for example `ResponseSpec`.
    comparisons, thresholds, predictions : tuple
    borrowing : BorrowingSpec or None
        Of a response analysis that borrows from historical rates.
    sampling : SamplingSpec
    ci_prob : float
        Probability of the reported equal-tailed intervals.
    content : str
        The analysis as canonical JSON, from which an equal one can be made.
    sha256 : str
        Of the file, or of `content` for an analysis made in Python.
    folder : Path or None
        Where the file stands; `data.file` is relative to it.
    rules : tuple of Rule
        Pre-specified decision rules, ``[[monitoring]]``.
    bias : StatedBias
        What is believed of the bias of contrasts that are not randomised, ``[bias]``.
    """

    id: str
    title: str
    question: str
    family: str
    data: DataSpec
    spec: Specification
    comparisons: tuple[ComparisonSpec, ...]
    thresholds: tuple[ThresholdSpec, ...]
    predictions: tuple[PredictionSpec, ...]
    sampling: SamplingSpec
    ci_prob: float
    content: str
    sha256: str
    folder: Path | None = None
    rules: tuple[Rule, ...] = ()
    borrowing: BorrowingSpec | None = None
    bias: StatedBias = field(default_factory=StatedBias)

    @classmethod
    def from_dict(
        cls,
        content: PlainMapping,
        *,
        sha256: str | None = None,
        folder: Path | None = None,
        label: str = "the analysis",
    ) -> Analysis:
        """Check the content of an analysis, laid out as in a file.

        Raises
        ------
        AnalysisError
            With every problem and its path.
        """
        canonical, own = _laid_out(content, label)
        digest = sha256 or own
        problems = _unprintable_texts(content)
        top = Reader(content, "", problems)
        schema = top.take("schema", SCHEMA_VERSION)
        if schema != SCHEMA_VERSION or isinstance(schema, bool):
            top.problem("schema", f"this package reads schema = {SCHEMA_VERSION}, not {schema!r}")
        name = top.text("id", "analysis")
        if wrong := _wrong_with_id(name):
            top.problem("id", f"{wrong}, because files are named after it, not {shortened(name)}")
        title, question = top.text("title", name), top.text("question", "")
        data = replace(read_data(top.table("data")), folder=folder)
        model, priors, estimands = top.table("model"), top.table("priors"), top.table("estimands")
        family = model.text("family", "response", FAMILIES)
        if top.has("published"):
            data = replace(data, published=_read_published(top, family, folder, estimands, data.endpoints))
        spec: Any = None  # without a family, which is refused below
        if family in FAMILIES:
            spec = get_family(family).read_spec(model, priors, estimands)
            data = replace(data, of_times=get_family(family).FOLLOWS_PATIENTS)
            if data.kind not in get_family(family).KINDS:
                allowed = " | ".join(get_family(family).KINDS)
                problems.append(f"data.kind: family {family!r} takes {allowed}, not {data.kind!r}")
        model.finish()
        priors.finish()
        estimands.finish()
        comparisons = one_direction([read_comparison(r) for r in top.tables("comparisons")], problems)
        data = data.of_model(spec, _directions(data.endpoints or (), comparisons))
        problems += data.outcome_in_model(spec)
        thresholds = tuple(read_threshold(r) for r in top.tables("thresholds"))
        predictions = tuple(read_prediction(r) for r in top.tables("predictions"))
        rate_prior = None if spec is None else spec.rate_prior
        rules = read_rules(top.tables("monitoring"), rate_prior, data.endpoints or ())
        borrowing = None
        if top.has("borrowing"):
            borrowing = read_borrowing(top.table("borrowing"))
            historical = replace(borrowing.data, folder=folder)
            historical = replace(
                historical.of_model(None, _directions(historical.endpoints or (), comparisons)), empty_rows=True
            )
            borrowing = replace(borrowing, data=historical)
            if rate_prior is None:
                problems.append(
                    'borrowing: needs family = "response", likelihood = "binomial" and pooling = "none", whose rates '
                    "it gives a historical prior"
                )
            if len(data.endpoints or ()) != 1:
                problems.append("data.endpoint: name one endpoint; historical rates are borrowed for one")
        bias = read_bias(top.table("bias"))
        sampling = _read_sampling(top.table("sampling"))
        report = top.table("report")
        ci_prob = _read_ci_prob(report)
        report.text("language", "en", ("en", "zh", "both"))
        _read_texts(report.table("study"), ("setting", "centres", "period", "ethics", "registration"))
        report.finish()
        estimand = top.table("estimand")
        estimand.text("death", "event", ("event", "competing"))
        estimand.text("new_therapy", "ignore", ("ignore", "censor"))
        _read_texts(estimand, ("population", "missed_scans"))
        top.finish()
        raise_problems(f"{label} cannot be used", problems)
        return cls(
            name,
            title,
            question,
            family,
            data,
            spec,
            comparisons,
            thresholds,
            predictions,
            sampling,
            ci_prob,
            canonical,
            digest,
            folder,
            rules,
            borrowing,
            bias,
        )

    @classmethod
    def from_file(cls, path: str | Path) -> Analysis:
        """Read and check a TOML file."""
        path = Path(path)
        content, raw = read_toml(path)
        content.setdefault("id", path.stem)
        return cls.from_dict(content, sha256=hashlib.sha256(raw).hexdigest(), folder=path.parent, label=path.name)

    def with_sampling(self, **changes: Any) -> Analysis:
        """The same analysis with other sampling settings; None leaves a setting as it is."""
        stated = {k: v for k, v in changes.items() if v is not None}
        problems: list[str] = []
        merged = {**vars(self.sampling), **stated}
        sampling = _read_sampling(Reader(merged, "sampling", problems))
        raise_problems("these sampling settings cannot be used", problems)
        return replace(self, sampling=sampling)

    def load_table(self) -> Table:
        """Read the table the analysis names, whole; with `data.counts`, effects and counts together."""
        return self.data.read()


def _wrong_with_id(name: str) -> str:
    if not all(c.isalnum() or c in "_-" for c in name):
        return "may hold letters, digits, _ and -"
    return "" if len(name.encode()) <= MAX_ID else f"takes at most {MAX_ID} bytes (a Chinese character is three)"


def _laid_out(content: PlainMapping, label: str) -> tuple[str, str]:
    """A content as it is kept, and its digest.

    Raises
    ------
    AnalysisError
        Where no file could hold it.
    """
    try:
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
        return canonical, hashlib.sha256(canonical.encode()).hexdigest()
    except UnicodeEncodeError:  # half a character
        raise_problems(f"{label} cannot be used", _unprintable_texts(content))
        raise
    except (ValueError, TypeError, RecursionError) as error:  # a table within itself, endless numbers, odd keys
        raise AnalysisError(f"{label} cannot be used: {_why(error)}.") from None


def _why(error: Exception) -> str:
    """Why a content cannot be laid out as a file, for those who do not know how that is done."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if "digit" in str(error):
        return "a whole number has thousands of digits"
    if isinstance(error, TypeError):
        return "the keys of a table must be texts"
    return str(error).replace("Circular reference detected", "a mapping or a list holds itself")


def _unprintable_texts(content: Any) -> list[str]:
    return [f"{path}: holds a character that cannot be seen or printed" for path in _unprintable(content, "")]


def _unprintable(content: Any, path: str) -> Iterator[str]:
    """Paths of the texts, and of the keys, with a character that cannot be seen or printed."""
    if isinstance(content, str):
        if UNPRINTABLE.search(content):
            yield path
    elif isinstance(content, Mapping):
        for key, value in content.items():
            below = f"{path}.{key}" if path else str(key)
            if UNPRINTABLE.search(str(key)):
                yield below
            yield from _unprintable(value, below)
    elif isinstance(content, list | tuple):
        for i, value in enumerate(content):
            yield from _unprintable(value, f"{path}[{i}]")


def _read_published(
    top: Reader, family: str, folder: Path | None, estimands: Reader, endpoints: Sequence[str] | None
) -> PublishedSpec | None:
    """`[published]`, with `[overlap]` and the population of `[estimands]`."""
    timed = family in FAMILIES and get_family(family).FOLLOWS_PATIENTS
    published = read_published(top.table("published"), folder, top.table("overlap"), survival=timed)
    if family not in FAMILIES or not get_family(family).HAS_PUBLISHED_ARMS:
        top.problem("published", f'stands beside own patients, which family = "{family}" does not take')
        return None
    endpoint = (time_endpoint(endpoints[0]) if endpoints else "") or "PFS"
    return None if published is None else replace(published, target=read_target(estimands), endpoint=endpoint)


def _directions(endpoints: Sequence[str], comparisons: Sequence[ComparisonSpec]) -> dict[str, Direction | None]:
    """Endpoints the analysis names, with the direction its comparisons state."""
    stated = next((c.better for c in comparisons if c.better is not None), None)
    return {e: endpoint_direction(e) or stated for e in endpoints}


def _read_ci_prob(report: Reader) -> Any:
    """The probability of intervals; what it cannot be is noted."""
    ci_prob = report.take("ci_prob", 0.95)
    for wrong in problems_with_interval(ci_prob):
        report.problem("ci_prob", wrong)
    return ci_prob


def _read_texts(r: Reader, keys: Sequence[str]) -> None:
    """Texts that the page shows as they are stated; an empty one stays a blank to fill in."""
    for key in keys:
        if not isinstance(value := r.take(key, ""), str):
            r.problem(key, f"must be a text, not {value!r}")
    r.finish()


def _read_sampling(r: Reader) -> SamplingSpec:
    default = SamplingSpec()
    sampling = SamplingSpec(
        r.text("sampler", default.sampler, SAMPLERS),
        r.number("draws", default.draws, above=10, below=1_000_000, integer=True, closed=True),
        r.number("tune", default.tune, above=10, below=1_000_000, integer=True, closed=True),
        r.number("chains", default.chains, above=2, below=64, integer=True, closed=True),
        r.number("seed", default.seed, above=0, below=2**32 - 1, integer=True, closed=True),
    )
    kept = sampling.chains * sampling.draws
    if kept > MAX_DRAWS:
        r.problem(
            "draws",
            f"{sampling.chains} chains of {sampling.draws:,} draws keep {kept:,}, which take {8e-9 * kept:.1f} GB of "
            f"memory for every number that is reported; at most {MAX_DRAWS:,} in all",
        )
    r.finish()
    return sampling
