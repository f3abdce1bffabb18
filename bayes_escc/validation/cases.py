"""Published answers and certified cases: what was printed elsewhere, or computed by other code, and what we answer.

Every number stands with its source. A case that was *published* repeats what a paper or another package prints, within
half a unit of its last digit. A *certified* one repeats what an independent computation in the tests of this package
gives (`tests/oracles`, which use nothing of the package); a test holds these numbers to it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.names import Plain

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.rules.rule import Rule

__all__ = ["CASES", "Answer", "Case", "Expected", "rounding"]


@dataclass(frozen=True)
class Expected:
    """One expected number.

    Parameters
    ----------
    quantity : str
        In the notation of its source.
    value, tolerance : float
    """

    quantity: str
    value: float
    tolerance: float


@dataclass(frozen=True)
class Answer:
    """A number found by sampling: five Monte Carlo errors are accepted if they are more than the tolerance."""

    value: float
    mcse: float


@dataclass(frozen=True)
class Case:
    """One case: its source, the numbers expected, and how this installation computes them.

    Parameters
    ----------
    name, title, title_zh, source : str
    expected : tuple of Expected
    compute : callable
        Returns the numbers in the order of `expected`.
    slow : bool
        Left out of a quick validation.
    """

    name: str
    title: str
    title_zh: str
    source: str
    expected: tuple[Expected, ...]
    compute: Callable[[], Sequence[float | Answer]]
    slow: bool = False


def rounding(digits: int) -> float:
    """Half a unit of the last printed digit, with room for the representation of numbers."""
    return 0.5 * 10.0**-digits + 1e-9


def _printed(quantity: str, value: float, digits: int) -> Expected:
    return Expected(quantity, value, rounding(digits))


def _whole(quantity: str, values: Sequence[int]) -> tuple[Expected, ...]:
    return tuple(Expected(f"{quantity} {i}", value, 0.0) for i, value in enumerate(values, start=1))


# Rates

_TWO_COHORTS: Final = 0.4896372067056216  # tests.oracles.quadrature.beta_exceeds(13, 24, 11, 20)


def _prompt() -> list[float]:
    from bayes_escc.runs.prompt_counts import compare_counts

    (row,) = compare_counts(["A=10/29", "B=12/35"])["comparisons"]
    return [row["probability_better"]]


def _shipped_response() -> list[float]:
    from bayes_escc.analysis.analysis import find_analysis
    from bayes_escc.report.result import to_result
    from bayes_escc.runs.run import fit_analysis

    result = to_result(fit_analysis(find_analysis("second_line_response")))
    means = {row["regimen"]: row["mean"] for row in result["estimates"] if row["estimand"] == "rate"}
    return [
        result["comparisons"][0]["probability_better"],
        means["toripalimab + chemotherapy"],
        means["toripalimab + anlotinib"],
    ]


# Rules and boundaries


def _simon(stop_at_most: str, null: float, alternative: float) -> list[float]:
    from bayes_escc.rules import CountBoundary, operating_characteristics

    rule = CountBoundary(stop_at_most=tuple(stop_at_most.split(", ")), null_rate=null, alternative_rate=alternative)
    answer = operating_characteristics(rule)
    first = answer.scenarios[0]
    if answer.false_alarm is None or answer.power is None:
        return [math.nan] * 4
    return [answer.false_alarm, answer.power, first.expected_patients, first.probability_early]


def _simon_printed() -> list[float]:
    """PET and E(N) of the designs in `_SIMON`."""
    answers = [_simon(design, null, alternative) for design, null, alternative, _, _ in _SIMON]
    return [value for answer in answers for value in (answer[3], answer[2])]


# r1/n1, r/n; p0; p1; PET(p0); E(N | p0)
_SIMON: Final = (
    ("3/19, 10/36", 0.20, 0.40, 0.4551, 28.26),
    ("3/17, 10/37", 0.20, 0.40, 0.5489, 26.02),
    ("15/68, 25/95", 0.20, 0.35, 0.7244, 75.44),
    ("11/53, 26/99", 0.20, 0.35, 0.6330, 69.88),
    ("3/13, 12/43", 0.20, 0.40, 0.7473, 20.58),
    ("4/18, 10/33", 0.20, 0.40, 0.7164, 22.25),
    ("5/23, 13/39", 0.25, 0.45, 0.4685, 31.50),
    ("3/15, 13/40", 0.25, 0.45, 0.4613, 28.47),
)


def _thall_simon() -> list[float]:
    from bayes_escc.probability.beta import Beta
    from bayes_escc.rules import ThallSimon

    rule = ThallSimon(standard=Beta(0.6, 0.4), margin=0.1, prior=Beta(0.6, 0.4), go_above=0.9)
    return [float(rule.statistics((23,))[16])]


def _lee_liu() -> list[float]:
    from bayes_escc.probability.beta import Beta
    from bayes_escc.rules import PredictiveProbability

    rule = PredictiveProbability(value=0.6, success=0.9, patients=40, prior=Beta(0.6, 0.4))
    return [float(rule.statistics((23,))[16])]


def _stops(rule: Rule) -> list[float]:
    from bayes_escc.rules import boundaries

    return [float(row.stop[0][1]) for row in boundaries(rule).rows]


def _phase1b() -> list[float]:
    from bayes_escc.rules import PredictiveProbability, boundaries

    rule = PredictiveProbability(value=0.2, success=0.8, stop_below=0.1, go_above=0.9, patients=40, looks=(10, 20, 30))
    return [*_stops(rule), *(float(row.go[0][0]) for row in boundaries(rule).rows)]


def _saville() -> list[float]:
    from bayes_escc.rules import PosteriorProbability, PredictiveProbability, operating_characteristics

    predictive = PredictiveProbability(value=0.5, success=0.95, patients=100)
    posterior = PosteriorProbability(value=0.5, go_above=0.95)
    ahead = [float(predictive.statistics((n,))[k]) for n, k in ((20, 12), (50, 28), (75, 41), (90, 49))]
    return [*ahead, operating_characteristics(posterior, [100], [0.5]).scenarios[0].probability_go]


def _bop2() -> list[float]:
    from bayes_escc.rules import Bop2, Criterion

    looks = (10, 15, 20, 25, 30, 35)
    return _stops(Bop2(criteria=(Criterion(0.2),), cut=0.909, power=1, patients=40, looks=looks))


# Pools of trials


def _thesis(name: str, *, known_tau: bool) -> Callable[[], list[float]]:
    """Median and 95 % interval of a pool under a flat prior, tau zero or as DerSimonian and Laird estimate it."""

    def compute() -> list[float]:
        from bayes_escc.analysis.analysis import find_analysis
        from bayes_escc.runs.run import fit_analysis

        data = fit_analysis(find_analysis(name)).observed
        y, se = data["y"].to_numpy(), data["se"].to_numpy()
        return _pool(y, se, _moment_tau(y, se) if known_tau else None)

    return compute


def _moment_tau(y: Any, se: Any) -> float:
    """The estimate of DerSimonian and Laird, Control Clin Trials 1986;7:177."""
    w = se**-2
    q = w @ (y - w @ y / w.sum()) ** 2
    return math.sqrt(max(0.0, float((q - (len(y) - 1)) / (w.sum() - (w**2).sum() / w.sum()))))


def _pool(y: Any, se: Any, tau: float | None) -> list[float]:
    import numpy as np
    import pandas as pd

    from bayes_escc.runs.estimators import SynthesisModel
    from bayes_escc.settings.prior import Prior

    frame = pd.DataFrame(
        {
            "study": [str(i) for i in range(len(y))],
            "experimental": "e",
            "control": "c",
            "endpoint": "OS",
            "measure": "HR",
            "estimate": np.exp(y),
            "se": se,
        }
    )
    priors: Plain = {"effect": Prior("Normal", mu=0, sigma=100)}
    if tau is None:
        model = SynthesisModel(priors=priors, pooling="common")
    else:
        priors["tau"] = Prior("Uniform", lower=tau - 1e-6, upper=tau + 1e-6)
        model = SynthesisModel(priors=priors)
    row = model.fit(frame, draws=20, chains=2).summary("effect").iloc[0]
    return [float(row[c]) for c in ("median", "lower", "upper")]


def _thesis_case(name: str, title: str, title_zh: str, *numbers: float, known_tau: bool) -> Case:
    # with tau taken as known, the last digit depends on how the trials were weighted for it: it may be off by one
    tolerance = 0.01 + rounding(2) if known_tau else rounding(2)
    way = "DerSimonian-Laird" if known_tau else "common effect"
    quantities = ("pooled", "lower 95 %", "upper 95 %")
    return Case(
        f"pool_{name}",
        title,
        title_zh,
        f"Pool printed in the thesis whose data ship ({way}); models/README.md, tests/test_thesis_pools.py",
        tuple(Expected(q, v, tolerance) for q, v in zip(quantities, numbers, strict=True)),
        _thesis(name, known_tau=known_tau),
    )


# Borrowing

_AS_EVENTS: Final = (23, 12, 19, 9, 39, 6, 9, 10)
_AS_PATIENTS: Final = (107, 44, 51, 39, 139, 20, 78, 35)


def _history() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "study": [f"old {i}" for i in range(8)],
            "regimen": "placebo",
            "endpoint": "ORR",
            "events": _AS_EVENTS,
            "n": _AS_PATIENTS,
        }
    )


def _robust_map() -> list[float]:
    import tempfile

    import pandas as pd

    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.report.result import to_result
    from bayes_escc.runs.run import fit_analysis

    priors = {
        "logit_mean": {"distribution": "Normal", "mu": 0, "sigma": 2},
        "tau": {"distribution": "HalfNormal", "sigma": 1},
    }
    content = {
        "data": {"file": "trial.csv", "endpoint": "ORR"},
        "model": {"family": "response"},
        "comparisons": [{"reference": "placebo"}],
        "borrowing": {"file": "history.csv", "priors": priors},
        "sampling": {"draws": 500},
    }
    trial = pd.DataFrame(
        {
            "study": "new",
            "regimen": ["secukinumab", "placebo"],
            "endpoint": "ORR",
            "events": [14, 1],
            "n": [23, 6],
            "design": "randomised",
        }
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _history().to_csv(folder / "history.csv", index=False)
        trial.to_csv(folder / "trial.csv", index=False)
        result = to_result(fit_analysis(Analysis.from_dict(content, folder=folder)))
    by_weight = {row["robust_weight"]: row["probability_better"] for row in result["borrowing"]["comparisons"]}
    return [by_weight[0.0], by_weight[0.2], by_weight[1.0]]


# Leave-one-out

_LOG_RATIOS: Final = (-0.45, -0.375, -0.25, -0.175, -0.1, -0.06)
_ERRORS: Final = (0.9, 0.8, 0.6, 0.4, 0.24, 0.16)


def _left_out() -> list[Answer]:
    import numpy as np
    import pandas as pd

    from bayes_escc.inference import loo
    from bayes_escc.runs.estimators import SynthesisModel
    from bayes_escc.settings.prior import Prior

    frame = pd.DataFrame(
        {
            "study": list("abcdef"),
            "experimental": "drug",
            "control": "control",
            "endpoint": "PFS",
            "measure": "HR",
            "estimate": np.exp(_LOG_RATIOS),
            "se": _ERRORS,
        }
    )
    effect, tau = Prior("Normal", mu=0, sigma=1), Prior("HalfNormal", sigma=0.5)
    random = SynthesisModel(endpoint="PFS", priors={"effect": effect, "tau": tau})
    common = SynthesisModel(endpoint="PFS", pooling="common", priors={"effect": effect})
    fits = [loo(model.fit(frame, draws=4000, seed=3)) for model in (random, common)]
    return [Answer(float(fit.elpd), float(fit.mcse)) for fit in fits]


# Follow-up


def _lung() -> list[float]:
    import numpy as np

    from bayes_escc.evidence.kaplan_meier import kaplan_meier

    path = Path(__file__).parent / "data" / "lung_follow_up.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    time = np.array([float(row["time"]) for row in rows])
    event = np.array([row["event"] == "1" for row in rows])
    late = kaplan_meier(time, event, np.minimum(np.arange(len(time)) % 7 * 10, time - 1))
    medians = [kaplan_meier(time, event).median, kaplan_meier(time, event, reverse=True).median]
    return [*(math.nan if m is None else m for m in medians), *(float(s) for s in late([100, 300, 600]))]


# Trials

# simulated; regimens alternate, the second of them has the longer times
_TRIAL_TIMES: Final = (
    0.55,
    3.12,
    6.71,
    9.73,
    1.72,
    2.06,
    2.17,
    0.82,
    5.0,
    0.53,
    2.26,
    8.3,
    1.33,
    9.42,
    2.58,
    4.19,
    4.54,
    8.58,
    1.45,
    1.42,
    0.05,
    9.32,
    4.47,
    3.02,
)
_TRIAL_SEEN: Final = (1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0)


def _tail_area() -> list[float]:
    import numpy as np

    from bayes_escc.inference.tail_areas import tail_areas

    sides = np.array([i % 2 - 0.5 for i in range(len(_TRIAL_TIMES))], dtype=float)
    answer = tail_areas(
        np.log(np.array(_TRIAL_TIMES))[None],
        np.array(_TRIAL_SEEN, dtype=float)[None],
        sides[None, :, None],
        np.array([math.log(6.0), 0.0, 0.0]),
        np.diag([1 / 2.5**2, 1 / 0.3**2, 1 / 0.7**2]),
        np.zeros(1),
        fixed_shape=False,
    )
    return [float(answer[0])]


CASES: Final = (
    Case(
        "two_cohorts",
        "Two response rates at the prompt, 10/29 and 12/35, uniform priors",
        "两组缓解率（10/29 与 12/35，均匀先验）",
        "Certified: quadrature of two Beta laws, tests/oracles/quadrature.py",
        (Expected("P(B better)", _TWO_COHORTS, 1e-8),),
        _prompt,
    ),
    Case(
        "second_line_response",
        "The shipped analysis second_line_response",
        "随附分析 second_line_response",
        "Certified: quadrature of two Beta laws, tests/oracles/quadrature.py; conjugate means 11/31 and 13/37",
        (
            Expected("P(better)", _TWO_COHORTS, 1e-8),
            Expected("mean rate, 10/29", 11 / 31, 1e-9),
            Expected("mean rate, 12/35", 13 / 37, 1e-9),
        ),
        _shipped_response,
    ),
    Case(
        "simon_1989",
        "Simon's optimal two-stage design 1/10, 5/29 (p0 = 0.1, p1 = 0.3)",
        "Simon 最优两阶段设计 1/10、5/29（p0 = 0.1，p1 = 0.3）",
        "Published: Simon R. Control Clin Trials 1989;10:1, table 1",
        (
            _printed("alpha", 0.047, 3),
            _printed("power", 0.805, 3),
            _printed("E(N | p0)", 15.0, 1),
            _printed("PET(p0)", 0.74, 2),
        ),
        lambda: _simon("1/10, 5/29", 0.1, 0.3),
    ),
    Case(
        "simon_designs",
        "Further two-stage designs",
        "其他两阶段设计",
        "Published: documentation of clinfun::ph2simon, SeqSGPV and ClinSimon",
        tuple(
            e
            for design, _, _, early, size in _SIMON
            for e in (_printed(f"PET(p0) {design}", early, 4), _printed(f"E(N | p0) {design}", size, 2))
        ),
        _simon_printed,
    ),
    Case(
        "thall_simon",
        "Criterion of Thall and Simon, 16 of 23 against Beta(0.6, 0.4), margin 0.1",
        "Thall-Simon 准则：23 例中 16 例，对照 Beta(0.6, 0.4)，界值 0.1",
        "Published: tests of the R package phase1b (postprobDist)",
        (Expected("P(pE > pS + 0.1)", 0.4431067, 1e-5),),
        _thall_simon,
    ),
    Case(
        "lee_liu_2008",
        "Predictive probability of Lee and Liu, 16 of 23, 40 in all",
        "Lee-Liu 预测概率：23 例中 16 例，共 40 例",
        "Published: Lee JJ, Liu DD. Clin Trials 2008;5:93, table 1; digits of the R package phase1b",
        (Expected("PP", 0.5655589, 1e-6),),
        _lee_liu,
    ),
    Case(
        "phase1b_bounds",
        "Bounds of a predictive probability at 10, 20, 30 and 40 patients",
        "预测概率的界值（10、20、30、40 例）",
        "Published: tests of the R package phase1b (boundsPredprob)",
        (*_whole("stop at most, look", (0, 2, 5, 9)), *_whole("go at least, look", (4, 7, 9, 10))),
        _phase1b,
    ),
    Case(
        "saville_2014",
        "Predictive probabilities of Saville",
        "Saville 的预测概率",
        "Published: Saville BR et al. Clin Trials 2014;11:485",
        (
            _printed("PP, 12/20", 0.54, 2),
            _printed("PP, 28/50", 0.30, 2),
            _printed("PP, 41/75", 0.086, 3),
            _printed("PP, 49/90", 0.003, 3),
            _printed("false alarm", 0.044, 3),
        ),
        _saville,
    ),
    Case(
        "bop2",
        "Futility boundary of BOP2, p0 = 0.2",
        "BOP2 无效界值（p0 = 0.2）",
        "Published: README of the R package BOP2FE (Xu et al. 2025)",
        _whole("stop at most, look", (1, 2, 3, 5, 7, 9, 11)),
        _bop2,
    ),
    _thesis_case(
        "pd1_second_line_os",
        "Pooled overall survival, second line, tau = 0",
        "二线总生存合并（tau = 0）",
        0.73,
        0.66,
        0.81,
        known_tau=False,
    ),
    _thesis_case(
        "pd1_first_line_response",
        "Pooled response, first line, tau = 0",
        "一线缓解合并（tau = 0）",
        1.99,
        1.65,
        2.39,
        known_tau=False,
    ),
    _thesis_case(
        "pd1_second_line_pfs",
        "Pooled progression-free survival, second line, random effects",
        "二线无进展生存合并（随机效应）",
        0.88,
        0.68,
        1.14,
        known_tau=True,
    ),
    _thesis_case(
        "pd1_second_line_response",
        "Pooled response, second line, random effects",
        "二线缓解合并（随机效应）",
        1.98,
        0.81,
        4.84,
        known_tau=True,
    ),
    Case(
        "robust_map",
        "A randomised trial whose control arm borrows: 14/23 against 1/6, eight historical arms",
        "对照组借用历史数据的随机试验：14/23 对 1/6，8 个历史组",
        "Certified: quadrature, tests/oracles/borrowed.py; history of Baeten et al. Lancet 2013 (data set AS of RBesT)",
        (
            _printed("P(better), robust weight 0", 0.9974, 4),
            _printed("P(better), robust weight 0.2", 0.9945, 4),
            _printed("P(better), no borrowing", 0.9671, 4),
        ),
        _robust_map,
    ),
    Case(
        "leave_one_out",
        "Leave-one-out density of random and of common effects, six trials",
        "六项试验的留一法密度（随机效应与共同效应）",
        "Certified: quadrature, tests/oracles/left_out.py",
        (Expected("elpd, random", -2.25675, 0.02), Expected("elpd, common", -1.4092, 0.02)),
        _left_out,
        slow=True,
    ),
    Case(
        "kaplan_meier",
        "Kaplan-Meier estimates of the 227 patients of the NCCTG lung cancer study with a known ECOG",
        "NCCTG 肺癌研究 227 例的 Kaplan-Meier 估计",
        "Published: medians as in R's survival and SciPy; with delayed entry as in lifelines 0.30.3",
        (
            Expected("median, days", 310, 0.0),
            Expected("median follow-up, days", 588, 0.0),
            Expected("S(100), delayed entry", 0.7660060521243115, 1e-8),
            Expected("S(300), delayed entry", 0.47044401446345974, 1e-8),
            Expected("S(600), delayed entry", 0.18936922364230663, 1e-8),
        ),
        _lung,
    ),
    Case(
        "tail_area",
        "P(hazard ratio < 1) of a simulated Weibull trial of 24 patients",
        "24 例模拟 Weibull 试验的 P(HR < 1)",
        "Certified: grid of three dimensions, tests/oracles/trials.py",
        (Expected("P(HR < 1)", 0.9737, 0.003),),
        _tail_area,
        slow=True,
    ),
)
