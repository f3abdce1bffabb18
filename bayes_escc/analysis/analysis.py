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

from bayes_escc.analysis.data import DataSpec, read_data
from bayes_escc.errors import UNPRINTABLE, AnalysisError
from bayes_escc.evidence.endpoints import endpoint_direction
from bayes_escc.evidence.population.published import PublishedSpec, read_published, read_target
from bayes_escc.evidence.population.stated import StatedBias, read_bias
from bayes_escc.evidence.table import Table
from bayes_escc.families import FAMILIES, get_family
from bayes_escc.families.rate_hierarchy_priors import RATE_HIERARCHY_PRIORS
from bayes_escc.families.specification import Specification
from bayes_escc.names import Direction, NotebookView, PlainMapping, Scale, normalise
from bayes_escc.rules import Rule, read_rules
from bayes_escc.settings.files import read_toml
from bayes_escc.settings.prior import Prior
from bayes_escc.settings.questions import problems_with_contrast, problems_with_interval, problems_with_value
from bayes_escc.settings.reader import Reader, check_margin, is_finite, nearest, raise_problems, shortened

__all__ = [
    "Analysis",
    "BorrowingSpec",
    "ComparisonSpec",
    "DataSpec",
    "PredictionSpec",
    "SamplingSpec",
    "ThresholdSpec",
    "bundled_analyses",
    "find_analysis",
]

SCHEMA_VERSION = 1
MAX_ID = 150
"""Bytes of an id, beside which names of figures and endings stand in a file's name of at most 255."""
MAX_PREDICTED = 10_000
"""Most future patients whose responses are predicted."""
MAX_DRAWS = 10_000_000
SAMPLERS = ("auto", "exact", "nuts", "laplace")
Sampler = Literal["auto", "exact", "nuts", "laplace"]
_SCALES = ("difference", "ratio", "odds_ratio")


@dataclass(frozen=True)
class ComparisonSpec:
    """One comparison of regimens; see `Comparison` for the meaning of each entry."""

    estimand: str
    reference: str | None = None
    scale: Scale | None = None
    """None for that of the estimand: ratios by their ratio, all else by its difference."""
    better: Direction | None = None
    margin: float | None = None
    rope: tuple[float, float] | None = None
    rationale: str = ""
    """Why the margin and the region are what they are."""
    fixed: Literal["before", "after"] | None = None
    """Whether they were fixed before the data."""


@dataclass(frozen=True)
class ThresholdSpec:
    """P(estimand above or below a value), for every regimen or one."""

    estimand: str
    value: float
    side: Literal["above", "below"] = "above"
    regimen: str | None = None


@dataclass(frozen=True)
class PredictionSpec:
    """Responders among the next patients of every regimen."""

    patients: int
    at_least: tuple[int, ...] = ()


@dataclass(frozen=True)
class BorrowingSpec:
    """From which historical counts a response analysis borrows, and how much.

    Parameters
    ----------
    data : DataSpec
        The historical counts; their endpoint is the analysis's own if not named.
    robust_weight : float
        Prior probability that the new patients are not like the historical ones.
    weights : tuple of float
        Every weight that is answered: `robust_weight`, a grid, and 1 (no borrowing).
    priors : tuple of (str, Prior)
        Of the hierarchy: ``logit_mean``, ``tau``; of a power prior: ``discount``.
    borrows : tuple of (str, tuple of str or None) or None
        Regimens that borrow, each with the historical regimens that inform it (None: those of its own name, or
        all if there are none). If not stated, the one regimen that the history shares by name.
    method : {"map", "power"}
        A meta-analytic-predictive prior, or a normalised power prior.
    sam_difference : float or None
        If given, the robust weight is the self-adapting one for this clinically relevant difference.
    """

    data: DataSpec
    robust_weight: float
    weights: tuple[float, ...]
    priors: tuple[tuple[str, Prior], ...]
    borrows: tuple[tuple[str, tuple[str, ...] | None], ...] | None = None
    method: Literal["map", "power"] = "map"
    sam_difference: float | None = None


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
            if data.kind not in get_family(family).KINDS:
                allowed = " | ".join(get_family(family).KINDS)
                problems.append(f"data.kind: family {family!r} takes {allowed}, not {data.kind!r}")
        model.finish()
        priors.finish()
        estimands.finish()
        comparisons = _one_direction([_read_comparison(r) for r in top.tables("comparisons")], problems)
        data = data.of_model(spec, _directions(data.endpoints or (), comparisons))
        problems += data.outcome_in_model(spec)
        thresholds = tuple(_read_threshold(r) for r in top.tables("thresholds"))
        predictions = tuple(_read_prediction(r) for r in top.tables("predictions"))
        rate_prior = None if spec is None else spec.rate_prior
        rules = read_rules(top.tables("monitoring"), rate_prior, data.endpoints or ())
        borrowing = None
        if top.has("borrowing"):
            borrowing = _read_borrowing(top.table("borrowing"))
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
    endpoint = "OS" if tuple(endpoints or ()) == ("OS",) else "PFS"
    return None if published is None else replace(published, target=read_target(estimands), endpoint=endpoint)


def _directions(endpoints: Sequence[str], comparisons: Sequence[ComparisonSpec]) -> dict[str, Direction | None]:
    """Endpoints the analysis names, with the direction its comparisons state."""
    stated = next((c.better for c in comparisons if c.better is not None), None)
    return {e: endpoint_direction(e) or stated for e in endpoints}


def _read_comparison(r: Reader) -> ComparisonSpec:
    estimand, reference = r.text("estimand", "rate"), _label(r, "reference")
    scale = r.text("scale", None, _SCALES)
    better = r.text("better", None, ("higher", "lower"))
    margin = r.number("margin", None)
    rope = r.take("rope", None)
    if rope is not None:
        good = isinstance(rope, list | tuple) and len(rope) == 2 and all(_is_number(v) for v in rope)
        if not good or not rope[0] < rope[1]:
            r.problem("rope", f"must be two numbers, the lower first, not {rope!r}")
            rope = None
        else:
            rope = (float(rope[0]), float(rope[1]))
    known = scale or _scale_of(estimand)
    for message in [] if known is None else check_margin(known, better, margin, rope):
        r.problem(*message)
    for message in problems_with_contrast(known or "difference", _unit(estimand), margin, rope):
        r.problem(*message)
    rationale, fixed = r.text("rationale", ""), r.text("fixed", None, ("before", "after"))
    r.finish()
    return ComparisonSpec(estimand, reference, scale, better, margin, rope, rationale, fixed)


def _scale_of(estimand: str) -> Scale | None:
    """The scale of a comparison that states none; None for effects: only the data tell whether they are ratios."""
    if "effect" in estimand:
        return None
    return "ratio" if estimand.endswith("ratio") else "difference"


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


def _label(r: Reader, key: str) -> str | None:
    """A label, spelled as tables store it."""
    value = r.text(key, None)
    return None if value is None else normalise(value)


def _one_direction(comparisons: Sequence[ComparisonSpec], problems: list[str]) -> tuple[ComparisonSpec, ...]:
    """Comparisons of one estimand share its better direction; who does not state it takes it over."""
    stated: dict[str, Direction] = {}
    for i, c in enumerate(comparisons):
        if c.better is not None and stated.setdefault(c.estimand, c.better) != c.better:
            problems.append(f"comparisons[{i}].better: contradicts an earlier comparison of {c.estimand}")
    return tuple(replace(c, better=c.better or stated.get(c.estimand)) for c in comparisons)


def _read_borrowing(r: Reader) -> BorrowingSpec:
    weight = r.number("robust_weight", 0.2, above=0, below=1, closed=True)
    grid = r.take("grid", [0.0, 0.1, 0.2, 0.5, 0.8])
    if not isinstance(grid, list | tuple) or not all(_is_number(v) and 0 <= v <= 1 for v in grid):
        r.problem("grid", f"must be robust weights from 0 to 1, not {grid!r}")
        grid = []
    method = r.text("method", "map", ("map", "power"))
    sam = r.number("sam_difference", None, above=0, below=1)
    if sam is not None and r.has("robust_weight"):
        r.problem("sam_difference", "chooses the robust weight from the data: leave robust_weight out")
    borrows = _read_borrows(r)
    stated = r.table("priors")
    priors = []
    for role in ("logit_mean", "tau") if method == "map" else ("discount",):
        found = stated.prior(role, *RATE_HIERARCHY_PRIORS.get(role, _DISCOUNT))
        if found.overrides:
            stated.problem(role, "there is one prior for all historical studies")
        priors.append((role, found.default))
    stated.finish()
    data = read_data(r)
    if data.kind != "counts":
        r.problem("kind", f'historical rates are counts, not "{data.kind}"')
    if not data.datasets and data.file is None:
        r.problem("dataset", "name the historical counts: a dataset or a file")
    weights = tuple(sorted({float(v) for v in (*grid, weight, 1.0)}))
    return BorrowingSpec(data, weight, weights, tuple(priors), borrows, method, sam)


_DISCOUNT = (Prior("Beta", alpha=1, beta=1, rationale="Every share of the history is equally plausible."), "unit")


def _read_borrows(r: Reader) -> tuple[tuple[str, tuple[str, ...] | None], ...] | None:
    """Who borrows: a list of regimens, or a table of regimens and the historical regimens that inform each."""
    stated = r.take("borrows", None)
    if stated is None:
        return None

    def labels(value: Any) -> tuple[str, ...] | None:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not listed or not all(isinstance(v, str) for v in listed):
            r.problem("borrows", f"must be regimens, or a table of regimens and historical regimens, not {stated!r}")
            return None
        return tuple(normalise(v) for v in listed)

    if isinstance(stated, Mapping):
        return tuple((normalise(str(k)), labels(v)) for k, v in stated.items())
    return tuple((name, None) for name in labels(stated) or ())


def _unit(estimand: str) -> str:
    """The unit of an estimand that is a proportion in every family; no unit says nothing of its range."""
    return "proportion" if estimand in ("rate", "survival", "remaining_survival") else ""


def _read_threshold(r: Reader) -> ThresholdSpec:
    estimand, regimen = r.text("estimand", "rate"), _label(r, "regimen")
    given = [key for key in ("above", "below") if r.has(key)]
    above, below = r.number("above", None), r.number("below", None)
    if len(given) != 1:
        r.problem("above", "give one of above and below")
    side: Any = "above" if above is not None else "below"
    for problem in problems_with_value(above if above is not None else below or 0.0, _unit(estimand)):
        r.problem(side, problem)
    r.finish()
    return ThresholdSpec(estimand, above if above is not None else below or 0.0, side, regimen)


def _read_prediction(r: Reader) -> PredictionSpec:
    patients = r.number("patients", above=1, below=MAX_PREDICTED, integer=True, closed=True)
    at_least = r.take("at_least", [])
    listed = at_least if isinstance(at_least, list | tuple) else [at_least]
    if not all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= (patients or 0) for v in listed):
        r.problem("at_least", f"must be numbers of responders from 0 to {patients}, not {at_least!r}")
        listed = []
    r.finish()
    return PredictionSpec(patients or 1, tuple(listed))


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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and is_finite(value)


def models_folder() -> Path:
    """The analyses inside the installed package, or `models/` beside it in a checkout."""
    inside = Path(__file__).parents[1] / "models_shipped"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def bundled_analyses() -> dict[str, Path]:
    """Names and files of the analyses that ship with the package."""
    return {p.stem: p for p in sorted(models_folder().glob("*.toml"))}


def find_analysis(name: str | Path) -> Analysis:
    """The analysis of a path, or of the name of one that ships with the package.

    Raises
    ------
    AnalysisError
        If there is neither, or the file cannot be used.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return Analysis.from_file(path)
    known = bundled_analyses()
    if str(name) not in known:
        raise AnalysisError(
            f"there is no analysis {str(name)!r}: give the path of a .toml file, or one of "
            f"{', '.join(known)}.{nearest(str(name), known)}"
        )
    return Analysis.from_file(known[str(name)])
