"""Survival with ECOG as a covariate, on real patients: the NCCTG lung cancer data.

The data ship with lifelines, and the columns used here with this repository, so nothing needs to be installed. To
take them from lifelines, which needs pandas 2, make an environment of its own: pip install 'bayes-escc[examples]'.
227 of 228 patients have a known ECOG performance status. The end point is death, not progression. Run:
python examples/lung_ecog.py

Source: Loprinzi CL et al. J Clin Oncol 1994;12:601-607.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import bayes_escc as be
from bayes_escc.plots.style import save_figure

EXTRACT = Path(__file__).parent.parent / "tests" / "data" / "lung.csv"


def lung_patients():
    """Survival in days by sex, with ECOG as 0, 1, or 2 and worse."""
    try:
        from lifelines.datasets import load_lung
    except ModuleNotFoundError:
        if not EXTRACT.is_file():
            raise SystemExit(
                "The data are missing: run this from a checkout, or pip install 'bayes-escc[examples]'."
            ) from None
        frame = pd.read_csv(EXTRACT)
        print(f"lifelines is not installed; using {EXTRACT.name} of this repository")
    else:
        frame = load_lung().dropna(subset=["ph.ecog"]).reset_index(drop=True)
        frame = frame.assign(event=frame["status"], female=frame["sex"] - 1, ecog=frame["ph.ecog"])
    return frame.assign(
        patient_id=[f"lung-{i + 1}" for i in range(len(frame))],
        regimen=frame["female"].map({0: "men", 1: "women"}),
        ecog=frame["ecog"].clip(upper=2).astype(int),
    )[["patient_id", "regimen", "time", "event", "ecog"]]


def main(folder="results/lung_ecog"):
    """Fit Weibull and piecewise models, compare them, and draw the figures."""
    patients = be.read_patients(lung_patients(), response=None, time="time", event="event", time_unit="days")
    print(patients.follow_up_summary("months").to_string(index=False))
    settings = {
        "time_unit": "months",
        "covariates": [{"column": "ecog", "coding": "categorical"}],
        "times": [6, 12],
        "horizons": [12, 24],
    }
    # half of patients with advanced lung cancer live about ten months: 95 % between 3 and 32
    median = be.Prior("LogNormal", mu=2.3, sigma=0.6, rationale="Advanced lung cancer: median survival near 10 months.")
    fits = {
        "weibull": be.SurvivalModel(priors={"median": median}, **settings).fit(patients, seed=1),
        "piecewise": be.SurvivalModel(baseline="piecewise", **settings).fit(patients, seed=1),
    }
    for name, fit in fits.items():
        print(f"\n{name}\n{fit.compare('rmst', reference='men')}")
        print(fit.summary("coefficient").round(2).to_string(index=False))
        save_figure(be.plots.survival(fit), Path(folder) / f"survival_{name}")
    save_figure(be.plots.hazard_ratios(fits["weibull"]), Path(folder) / "hazard_ratios")
    print(f"\nLeave-one-out\n{be.compare_models(fits).round(2).to_string()}\n\nFigures are in {folder}")
    return fits


if __name__ == "__main__":
    main()
