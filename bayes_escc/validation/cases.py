"""Published answers and certified cases: what was printed elsewhere, or computed by other code, and what we answer.

Every number stands with its source. A case that was *published* repeats what a paper or another package prints, within
half a unit of its last digit. A *certified* one repeats what an independent computation in the tests of this package
gives (`tests/oracles`, which use nothing of the package); a test holds these numbers to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_escc.validation.case import Case, Expected, rounding
from bayes_escc.validation.computed import (
    SIMON,
    TWO_COHORTS,
    bop2,
    lee_liu,
    left_out,
    lung,
    phase1b,
    prompt,
    robust_map,
    saville,
    shipped_response,
    simon,
    simon_printed,
    tail_area,
    thall_simon,
    thesis,
)

__all__ = ["CASES"]


def _printed(quantity: str, value: float, digits: int) -> Expected:
    return Expected(quantity, value, rounding(digits))


def _whole(quantity: str, values: Sequence[int]) -> tuple[Expected, ...]:
    return tuple(Expected(f"{quantity} {i}", value, 0.0) for i, value in enumerate(values, start=1))


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
        thesis(name, known_tau=known_tau),
    )


CASES: Final = (
    Case(
        "two_cohorts",
        "Two response rates at the prompt, 10/29 and 12/35, uniform priors",
        "两组缓解率（10/29 与 12/35，均匀先验）",
        "Certified: quadrature of two Beta laws, tests/oracles/quadrature.py",
        (Expected("P(B better)", TWO_COHORTS, 1e-8),),
        prompt,
    ),
    Case(
        "second_line_response",
        "The shipped analysis second_line_response",
        "随附分析 second_line_response",
        "Certified: quadrature of two Beta laws, tests/oracles/quadrature.py; conjugate means 11/31 and 13/37",
        (
            Expected("P(better)", TWO_COHORTS, 1e-8),
            Expected("mean rate, 10/29", 11 / 31, 1e-9),
            Expected("mean rate, 12/35", 13 / 37, 1e-9),
        ),
        shipped_response,
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
        lambda: simon("1/10, 5/29", 0.1, 0.3),
    ),
    Case(
        "simon_designs",
        "Further two-stage designs",
        "其他两阶段设计",
        "Published: documentation of clinfun::ph2simon, SeqSGPV and ClinSimon",
        tuple(
            e
            for design, _, _, early, size in SIMON
            for e in (_printed(f"PET(p0) {design}", early, 4), _printed(f"E(N | p0) {design}", size, 2))
        ),
        simon_printed,
    ),
    Case(
        "thall_simon",
        "Criterion of Thall and Simon, 16 of 23 against Beta(0.6, 0.4), margin 0.1",
        "Thall-Simon 准则：23 例中 16 例，对照 Beta(0.6, 0.4)，界值 0.1",
        "Published: tests of the R package phase1b (postprobDist)",
        (Expected("P(pE > pS + 0.1)", 0.4431067, 1e-5),),
        thall_simon,
    ),
    Case(
        "lee_liu_2008",
        "Predictive probability of Lee and Liu, 16 of 23, 40 in all",
        "Lee-Liu 预测概率：23 例中 16 例，共 40 例",
        "Published: Lee JJ, Liu DD. Clin Trials 2008;5:93, table 1; digits of the R package phase1b",
        (Expected("PP", 0.5655589, 1e-6),),
        lee_liu,
    ),
    Case(
        "phase1b_bounds",
        "Bounds of a predictive probability at 10, 20, 30 and 40 patients",
        "预测概率的界值（10、20、30、40 例）",
        "Published: tests of the R package phase1b (boundsPredprob)",
        (*_whole("stop at most, look", (0, 2, 5, 9)), *_whole("go at least, look", (4, 7, 9, 10))),
        phase1b,
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
        saville,
    ),
    Case(
        "bop2",
        "Futility boundary of BOP2, p0 = 0.2",
        "BOP2 无效界值（p0 = 0.2）",
        "Published: README of the R package BOP2FE (Xu et al. 2025)",
        _whole("stop at most, look", (1, 2, 3, 5, 7, 9, 11)),
        bop2,
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
        robust_map,
    ),
    Case(
        "leave_one_out",
        "Leave-one-out density of random and of common effects, six trials",
        "六项试验的留一法密度（随机效应与共同效应）",
        "Certified: quadrature, tests/oracles/left_out.py",
        (Expected("elpd, random", -2.25913, 0.02), Expected("elpd, common", -1.4092, 0.02)),
        left_out,
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
        lung,
    ),
    Case(
        "tail_area",
        "P(hazard ratio < 1) of a simulated Weibull trial of 24 patients",
        "24 例模拟 Weibull 试验的 P(HR < 1)",
        "Certified: grid of three dimensions, tests/oracles/trials.py",
        (Expected("P(HR < 1)", 0.9737, 0.003),),
        tail_area,
        slow=True,
    ),
)
