"""Patients read from curves: what was printed is reproduced, nothing dies in a flat stretch, nothing loops."""

import json

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli.entry import main
from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.evidence.population.curve_points import checked_risk, clean_points
from bayes_escc.evidence.population.reconstruct import reconstruct_points


def cohort(seed, n, censoring=None):
    rng = np.random.default_rng(seed)
    time = rng.weibull(rng.uniform(0.7, 1.4), n) * 6
    limit = np.full(n, np.inf) if censoring is None else rng.uniform(*censoring, n)
    return np.minimum(time, limit), time <= limit


def printed(time, event, every=2.0):
    curve = kaplan_meier(time, event)
    grid = np.arange(0, time.max(), every)
    risk = checked_risk(grid, at_risk(grid, time))
    return clean_points(curve.time, curve.survival, scale="proportion"), risk


@pytest.mark.parametrize("seed", range(4))
def test_every_event_of_a_curve_without_censoring_is_found(seed):
    time, event = cohort(seed, 30 + 40 * seed)
    points, risk = printed(time, event)
    read = reconstruct_points(points, risk, versions=0)
    assert read.event.all()
    assert read.time == pytest.approx(np.sort(time), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_numbers_at_risk_are_exact_and_the_curve_is_close(seed):
    time, event = cohort(seed, 40 + 30 * seed, censoring=(4, 16))
    points, risk = printed(time, event)
    read = reconstruct_points(points, risk, events=int(event.sum()), versions=3)
    assert (at_risk(risk.time, read.time) == risk.n).all()
    assert read.patients == len(time)
    assert abs(read.events - event.sum()) <= 2
    # where few are left, one step of the curve is as close as a whole number of patients can come
    assert read.errors()[1] < 0.01
    for other, _ in read.versions:
        assert (at_risk(risk.time, other) == risk.n).all()


def test_a_flat_stretch_has_no_event_whatever_the_table_says():
    points = clean_points([0, 1, 2, 3, 10, 11], [1.0, 0.8, 0.7, 0.6, 0.6, 0.5], scale="proportion")
    risk = checked_risk([0, 4, 8, 10.5], [20, 12, 3, 2])
    read = reconstruct_points(points, risk, versions=10)
    for time, event in [(read.time, read.event), *read.versions]:
        assert not event[(time > 3) & (time <= 10)].any()
        assert (at_risk(risk.time, time) == risk.n).all()


def test_percent_and_proportion_give_the_same_patients():
    time, event = cohort(2, 60, censoring=(4, 16))
    curve = kaplan_meier(time, event)
    grid = np.arange(0, time.max(), 2.0)
    risk = pd.DataFrame({"time": grid, "n": at_risk(grid, time)})
    share = np.round(curve.survival, 3)
    one = be.reconstruct(pd.DataFrame({"time": curve.time, "survival": share}), at_risk=risk, versions=0)
    other = be.reconstruct(
        pd.DataFrame({"time": curve.time, "survival": np.round(100 * share, 1)}), at_risk=risk, versions=0
    )
    assert one.time.tolist() == other.time.tolist()
    assert one.event.tolist() == other.event.tolist()


def test_reading_at_figure_precision_keeps_the_event_rate():
    """Dense noisy points, as a digitised figure has; the error is small beside the sampling error."""
    rng = np.random.default_rng(1)
    for seed in range(4):
        time, event = cohort(seed, 150, censoring=(5, 14))
        curve = kaplan_meier(time, event)
        at = np.linspace(0.02, time.max(), 400)
        seen = np.clip(np.round(curve(at) + rng.normal(0, 0.001, 400), 3), 0, 1)
        grid = np.arange(0, time.max(), 3.0)
        points = clean_points(at, seen, scale="proportion", precision=0.003)
        read = reconstruct_points(points, checked_risk(grid, at_risk(grid, time)), events=int(event.sum()), versions=5)
        rates = [np.log(e.sum() / t.sum()) for t, e in ((time, event), (read.time, read.event))]
        assert abs(rates[1] - rates[0]) < 0.25 / np.sqrt(event.sum())
        assert read.spread_of_log_rate() < 0.25


@pytest.mark.parametrize("seed", range(3))
def test_points_that_trip_others_end(seed):
    """Non-monotone points, times that repeat, points out of order, a curve that stops early."""
    rng = np.random.default_rng(seed)
    time = np.repeat(np.sort(rng.uniform(0, 12, 40)), 2)
    survival = np.clip(np.exp(-time / 8) + rng.normal(0, 0.004, 80), 0, 1)
    order = rng.permutation(80)
    points = clean_points(time[order], survival[order], scale="proportion", precision=0.01)
    risk = checked_risk([0, 5, 10, 15], [80, 40, 18, 0])
    read = reconstruct_points(points, risk, versions=2)
    assert read.patients == 80
    assert (at_risk(risk.time, read.time) == risk.n).all()
    assert np.all(np.diff(points.survival) <= 0)


def of_shape(shape, n, seed):
    """Times and events of one of the shapes that figures have."""
    rng = np.random.default_rng(seed)
    time, limit = {
        "heavily censored": lambda: (rng.exponential(12, n), rng.uniform(0, 10, n)),
        "tied at scans": lambda: (np.ceil(rng.exponential(7, n) / 2) * 2.0, rng.uniform(4, 24, n)),
        "late plateau": lambda: (
            np.where(rng.random(n) < 0.35, np.inf, rng.weibull(1.5, n) * 5),
            rng.uniform(14, 30, n),
        ),
        "early fall": lambda: (rng.weibull(0.6, n) * 6, rng.uniform(6, 20, n)),
    }[shape]()
    return np.maximum(np.minimum(time, limit).round(2), 0.02), time <= limit


def clicked(time, event, seed, *, every, noise, percent):
    """Both ends of every step as a hand clicks them: off in both directions, so that some come in the wrong order."""
    rng, curve = np.random.default_rng(seed + 99), kaplan_meier(time, event)
    at = np.r_[0.0, np.repeat(curve.time, 2), time.max()]
    survival = np.r_[1.0, 1.0, np.repeat(curve.survival, 2)]
    moved = np.clip(at + rng.normal(0, noise * time.max(), len(at)) * (at > 0), 0, None)
    survival = np.clip(survival + rng.normal(0, noise, len(at)), 0, 1) * (100 if percent else 1)
    grid = np.arange(0, time.max(), every)
    points = pd.DataFrame({"time": moved.round(2), "survival": survival.round(1 if percent else 3)})
    return points, pd.DataFrame({"time": grid, "n": at_risk(grid, time)})


def mean_until(horizon, time, event):
    grid = np.linspace(0, horizon, 2000)
    return float(kaplan_meier(time, event)(grid).mean() * horizon)


@pytest.mark.parametrize("shape", ["heavily censored", "tied at scans", "late plateau", "early fall"])
@pytest.mark.parametrize(("every", "percent"), [(2.0, True), (3.0, False)])
def test_figures_clicked_by_hand_are_read_whatever_their_shape(shape, every, percent):
    """Of a cohort of eight: none is refused, and events and restricted means are close to the true ones."""
    gaps = []
    for seed in range(8):
        time, event = of_shape(shape, (45, 110)[seed % 2], seed)
        points, risk = clicked(time, event, seed, every=every, noise=0.0015, percent=percent)
        read = be.reconstruct(points, at_risk=risk, events=int(event.sum()), versions=0)
        assert (at_risk(risk.time.to_numpy(), read.time) == risk.n).all()
        horizon = 0.9 * min(time.max(), read.time.max())
        gaps.append(
            (read.events - event.sum(), mean_until(horizon, read.time, read.event) - mean_until(horizon, time, event))
        )
    events, means = np.abs(np.array(gaps)).T
    assert events.mean() <= 1.5
    assert means.mean() < 0.12


def test_ends_of_a_step_in_the_wrong_order_are_put_in_order():
    """Pooled, the lower half of the last step would have come at the end of the plateau."""
    right = {"time": [0, 2, 2.02, 4, 4.02, 5, 5.02, 20], "survival": [1, 1, 0.9, 0.9, 0.8, 0.8, 0.7, 0.7]}
    wrong = {"time": right["time"], "survival": [1, 0.9, 1, 0.9, 0.8, 0.7, 0.8, 0.7]}
    risk = pd.DataFrame({"time": [0, 3, 6], "n": [10, 9, 7]})
    one, two = (be.reconstruct(pd.DataFrame(points), at_risk=risk, versions=0) for points in (right, wrong))
    np.testing.assert_allclose(one.time, two.time, atol=0.03)
    assert (one.event == two.event).all()
    assert one.events == 3
    assert "changed places" in " ".join(two.report()["notes"])


def test_a_step_at_a_number_at_risk_that_was_clicked_before_it():
    """Scans and numbers at risk share their dates: the event at month 4 is of those at risk then."""
    points = pd.DataFrame({"time": [0, 2, 3.97, 6, 8], "survival": [1, 0.95, 0.8, 0.75, 0.75]})
    read = be.reconstruct(points, at_risk=pd.DataFrame({"time": [0, 4, 8], "n": [20, 19, 15]}), versions=0)
    assert read.time[read.event].tolist() == [2, 4, 4, 4, 6]


def test_a_fall_a_little_too_far_is_named_and_one_much_too_far_is_refused():
    risk = pd.DataFrame({"time": [0, 3, 6], "n": [100, 90, 60]})
    points = pd.DataFrame({"time": [0, 1, 2, 4, 5], "survival": [1, 0.94, 0.884, 0.7, 0.65]})
    read = be.reconstruct(points, at_risk=risk, versions=0)
    assert int(read.event[read.time < 3].sum()) == 10
    assert "From 0 to 3 the curve falls by 0.016 more than the 10 patients lost allow" in " ".join(read.notes)
    refused(
        "from 0 to 3 the curve falls by more events", points.assign(survival=[1, 0.92, 0.85, 0.7, 0.65]), at_risk=risk
    )


def refused(message, *arguments, **options):
    with pytest.raises(be.DataError, match=message):
        be.reconstruct(*arguments, **options)


CURVE = pd.DataFrame({"time": [0, 2, 4, 6, 8], "survival": [1, 0.9, 0.7, 0.5, 0.4]})


def test_what_cannot_be_read_is_refused_with_a_remedy():
    risk = pd.DataFrame({"time": [0, 4], "n": [20, 15]})
    refused("does not say how many patients", CURVE)
    refused("does not say how many patients", CURVE, n=20)
    refused("at time 0", CURVE, at_risk=risk.assign(time=[1, 4]))
    refused("rises from 15", CURVE, at_risk=risk.assign(n=[15, 20]))
    refused("not a number of patients", CURVE, at_risk=risk.assign(n=["20", "many"]))
    refused("cumulative incidence", CURVE.assign(survival=1 - CURVE.survival), at_risk=risk)
    refused("percent, but none exceeds 1", CURVE, at_risk=risk, scale="percent")
    refused("no proportion", CURVE.assign(survival=100 * CURVE.survival), at_risk=risk, scale="proportion")
    refused("from 0 to 4 the curve falls by more events", CURVE.assign(survival=[1, 0.5, 0.3, 0.2, 0.1]), at_risk=risk)
    refused("moved by", CURVE.assign(survival=[1, 0.5, 0.8, 0.5, 0.4]), at_risk=risk)
    refused("name one with arm", pd.concat([CURVE.assign(regimen="A"), CURVE.assign(regimen="B")]), at_risk=risk)
    refused("30 events among 20", CURVE, at_risk=risk, events=30)


@pytest.mark.parametrize(
    ("curve", "risk"),
    [({"time": "Time", "survival": "Survival"}, {"n": "N"}), ({"time": "time (months)"}, {"n": "number at risk"}),
     ({"time": "时间", "survival": "生存率"}, {"time": "时间", "n": "风险人数"})],
)  # fmt: skip
def test_columns_of_a_curve_have_the_names_of_other_tables(curve, risk):
    at_risk = pd.DataFrame({"time": [0, 4], "n": [20, 15]})
    plain = be.reconstruct(CURVE, at_risk=at_risk, versions=1)
    named = be.reconstruct(CURVE.rename(columns=curve), at_risk=at_risk.rename(columns=risk), versions=1)
    assert (named.time.tolist(), named.event.tolist()) == (plain.time.tolist(), plain.event.tolist())


def test_two_columns_of_a_curve_for_one_meaning_are_refused():
    """The one in small letters was taken without a word; of a column that is missing every row was refused."""
    risk = pd.DataFrame({"time": [0, 4], "n": [20, 15]})
    refused("survival and Survival can both be", CURVE.assign(Survival=0.5), at_risk=risk)
    refused("n and N can both be", CURVE, at_risk=risk.assign(N=[30, 20]))
    without = risk.rename(columns={"n": "patients"})
    refused("there is no column at_risk; the columns are time, patients", CURVE, at_risk=without)


def test_without_numbers_at_risk_the_events_are_matched():
    time, event = cohort(3, 90, censoring=(3, 12))
    curve = kaplan_meier(time, event)
    table = pd.DataFrame({"time": curve.time, "survival": curve.survival})
    read = be.reconstruct(table, n=90, events=int(event.sum()), versions=0)
    assert abs(read.events - event.sum()) <= 1
    assert "no numbers at risk" in " ".join(read.report()["notes"])


def test_the_command_writes_patients_and_overlay(tmp_path, capsys):
    time, event = cohort(5, 50, censoring=(4, 14))
    curve = kaplan_meier(time, event)
    pd.DataFrame({"regimen": "A", "time": curve.time, "survival": curve.survival}).to_csv(
        tmp_path / "curves.csv", index=False
    )
    grid = np.arange(0, time.max(), 3.0)
    counts = [f"{n} (0)" for n in at_risk(grid, time)]
    pd.DataFrame({"regimen": "A", "time": grid, "n": counts}).to_csv(tmp_path / "at_risk.csv", index=False)
    command = [
        "reconstruct",
        str(tmp_path / "curves.csv"),
        "--at-risk",
        str(tmp_path / "at_risk.csv"),
        "--arm",
        "A",
        "--events",
        str(event.sum()),
        "--out",
        str(tmp_path / "arm.csv"),
        "--versions",
        "3",
    ]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["at_risk"] == report["at_risk_printed"]
    assert main([*command, "--unit", "weeks"]) == 0
    assert "reproduced" in capsys.readouterr().out
    assert "Time (weeks)" in (tmp_path / "arm.svg").read_text(encoding="utf-8")
    table = be.read_patients(tmp_path / "arm.csv", response=None, time="time", event="event", time_unit="months")
    assert len(table.frame) == 50
    assert (tmp_path / "arm.png").is_file()
    assert main(["reconstruct", str(tmp_path / "curves.csv")]) == 3
    assert "numbers at risk" in capsys.readouterr().err
