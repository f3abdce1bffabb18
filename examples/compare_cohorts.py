"""From published counts to the probability that one regimen is better, in Python.

Run from anywhere: python examples/compare_cohorts.py
"""

from __future__ import annotations

from pathlib import Path

import bayes_escc as be
from bayes_escc.plots.style import save_figure

REFERENCE = "toripalimab + chemotherapy"


def main(out: Path = Path("results/compare_cohorts")) -> None:
    cohorts = be.load_dataset("second_line_cohorts")
    model = be.ResponseModel(
        endpoint="ORR",
        regimens=[REFERENCE, "toripalimab + anlotinib"],
        prior=be.Prior("Beta", alpha=1, beta=1, rationale="No regimen is favoured before the data."),
    )
    posterior = model.fit(cohorts, seed=1)
    print(posterior.summary().to_string(index=False))

    better = posterior.compare("rate", reference=REFERENCE, margin=0.10, rope=(-0.05, 0.05))
    print(better)
    print(posterior.probability("rate", above=0.20).to_string(index=False))
    print(posterior.predict(20, at_least=[4, 8]).to_string(index=False))

    save_figure(be.plots.intervals(posterior), out / "rates")
    save_figure(be.plots.difference(better), out / "difference")
    posterior.save(out / "posterior.nc")
    print(f"Figures and posterior are in {out}")


if __name__ == "__main__":
    main()
