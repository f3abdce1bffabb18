"""How this installation computes the numbers of the published and certified cases."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.names import Plain
from bayes_escc.validation.case import Answer

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.rules.rule import Rule

__all__ = [
    "ERRORS",
    "LOG_RATIOS",
    "SIMON",
    "TRIAL_SEEN",
    "TRIAL_TIMES",
    "TWO_COHORTS",
    "bop2",
    "lee_liu",
    "left_out",
    "lung",
    "phase1b",
    "prompt",
    "robust_map",
    "saville",
    "shipped_response",
    "simon",
    "simon_printed",
    "tail_area",
    "thall_simon",
    "thesis",
]


# Rates

TWO_COHORTS: Final = 0.4896372067056216  # tests.oracles.quadrature.beta_exceeds(13, 24, 11, 20)


def prompt() -> list[float]:
    """P(B better) of 10/29 and 12/35 at the prompt."""
    from bayes_escc.runs.prompt_counts import compare_counts

    (row,) = compare_counts(["A=10/29", "B=12/35"])["comparisons"]
    return [row["probability_better"]]


def shipped_response() -> list[float]:
    """P(better) and mean rates of the shipped analysis of response."""
    from bayes_escc.analysis.bundled import find_analysis
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


def simon(stop_at_most: str, null: float, alternative: float) -> list[float]:
    """Error rates and expected size of a two-stage design stated in counts."""
    from bayes_escc.rules import CountBoundary, operating_characteristics

    rule = CountBoundary(stop_at_most=tuple(stop_at_most.split(", ")), null_rate=null, alternative_rate=alternative)
    answer = operating_characteristics(rule)
    first = answer.scenarios[0]
    if answer.false_alarm is None or answer.power is None:
        return [math.nan] * 4
    return [answer.false_alarm, answer.power, first.expected_patients, first.probability_early]


def simon_printed() -> list[float]:
    """PET and E(N) of the designs in `SIMON`."""
    answers = [simon(design, null, alternative) for design, null, alternative, _, _ in SIMON]
    return [value for answer in answers for value in (answer[3], answer[2])]


# r1/n1, r/n; p0; p1; PET(p0); E(N | p0)
SIMON: Final = (
    ("3/19, 10/36", 0.20, 0.40, 0.4551, 28.26),
    ("3/17, 10/37", 0.20, 0.40, 0.5489, 26.02),
    ("15/68, 25/95", 0.20, 0.35, 0.7244, 75.44),
    ("11/53, 26/99", 0.20, 0.35, 0.6330, 69.88),
    ("3/13, 12/43", 0.20, 0.40, 0.7473, 20.58),
    ("4/18, 10/33", 0.20, 0.40, 0.7164, 22.25),
    ("5/23, 13/39", 0.25, 0.45, 0.4685, 31.50),
    ("3/15, 13/40", 0.25, 0.45, 0.4613, 28.47),
)


def thall_simon() -> list[float]:
    """Criterion of Thall and Simon at 16 of 23."""
    from bayes_escc.probability.beta import Beta
    from bayes_escc.rules import ThallSimon

    rule = ThallSimon(standard=Beta(0.6, 0.4), margin=0.1, prior=Beta(0.6, 0.4), go_above=0.9)
    return [float(rule.statistics((23,))[16])]


def lee_liu() -> list[float]:
    """Predictive probability of Lee and Liu at 16 of 23."""
    from bayes_escc.probability.beta import Beta
    from bayes_escc.rules import PredictiveProbability

    rule = PredictiveProbability(value=0.6, success=0.9, patients=40, prior=Beta(0.6, 0.4))
    return [float(rule.statistics((23,))[16])]


def _stops(rule: Rule) -> list[float]:
    from bayes_escc.rules import boundaries

    return [float(row.stop[0][1]) for row in boundaries(rule).rows]


def phase1b() -> list[float]:
    """Bounds of a predictive probability at four looks."""
    from bayes_escc.rules import PredictiveProbability, boundaries

    rule = PredictiveProbability(value=0.2, success=0.8, stop_below=0.1, go_above=0.9, patients=40, looks=(10, 20, 30))
    return [*_stops(rule), *(float(row.go[0][0]) for row in boundaries(rule).rows)]


def saville() -> list[float]:
    """Predictive probabilities and false-alarm rate of Saville's design."""
    from bayes_escc.rules import PosteriorProbability, PredictiveProbability, operating_characteristics

    predictive = PredictiveProbability(value=0.5, success=0.95, patients=100)
    posterior = PosteriorProbability(value=0.5, go_above=0.95)
    ahead = [float(predictive.statistics((n,))[k]) for n, k in ((20, 12), (50, 28), (75, 41), (90, 49))]
    return [*ahead, operating_characteristics(posterior, [100], [0.5]).scenarios[0].probability_go]


def bop2() -> list[float]:
    """Futility boundary of a BOP2 design."""
    from bayes_escc.rules import Bop2, Criterion

    looks = (10, 15, 20, 25, 30, 35)
    return _stops(Bop2(criteria=(Criterion(0.2),), cut=0.909, power=1, patients=40, looks=looks))


# Pools of trials


def thesis(name: str, *, known_tau: bool) -> Callable[[], list[float]]:
    """Median and 95 % interval of a pool under a flat prior, tau zero or as DerSimonian and Laird estimate it."""

    def compute() -> list[float]:
        from bayes_escc.analysis.bundled import find_analysis
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


def robust_map() -> list[float]:
    """P(better) of a trial whose control arm borrows, by robust weight."""
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

LOG_RATIOS: Final = (-0.45, -0.375, -0.25, -0.175, -0.1, -0.06)
ERRORS: Final = (0.9, 0.8, 0.6, 0.4, 0.24, 0.16)


def left_out() -> list[Answer]:
    """Leave-one-out densities of random and common effects."""
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
            "estimate": np.exp(LOG_RATIOS),
            "se": ERRORS,
        }
    )
    effect, tau = Prior("Normal", mu=0, sigma=1), Prior("HalfNormal", sigma=0.5)
    random = SynthesisModel(endpoint="PFS", priors={"effect": effect, "tau": tau})
    common = SynthesisModel(endpoint="PFS", pooling="common", priors={"effect": effect})
    fits = [loo(model.fit(frame, draws=4000, seed=3)) for model in (random, common)]
    return [Answer(float(fit.elpd), float(fit.mcse)) for fit in fits]


# Follow-up


def lung() -> list[float]:
    """Kaplan-Meier estimates of the lung cancer patients, with and without delayed entry."""
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
TRIAL_TIMES: Final = (
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
TRIAL_SEEN: Final = (1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0)


def tail_area() -> list[float]:
    """P(hazard ratio < 1) of a small Weibull trial by the tail-area approximation."""
    import numpy as np

    from bayes_escc.inference.tail_areas import tail_areas

    sides = np.array([i % 2 - 0.5 for i in range(len(TRIAL_TIMES))], dtype=float)
    answer = tail_areas(
        np.log(np.array(TRIAL_TIMES))[None],
        np.array(TRIAL_SEEN, dtype=float)[None],
        sides[None, :, None],
        np.array([math.log(6.0), 0.0, 0.0]),
        np.diag([1 / 2.5**2, 1 / 0.3**2, 1 / 0.7**2]),
        np.zeros(1),
        fixed_shape=False,
    )
    return [float(answer[0])]
