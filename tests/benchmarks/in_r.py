"""The same Weibull model in brms, where R has it: effective draws per CPU second of sampling.

Stan's compilation is not counted. The four chains run one after the other in one process, so that its CPU seconds are
those of sampling.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["brms_is_installed", "brms_rate"]

_SCRIPT = """
suppressPackageStartupMessages(library(brms))
arguments <- commandArgs(trailingOnly = TRUE)
patients <- read.csv(arguments[1])
x <- setdiff(names(patients), c("time", "censored"))
formula <- as.formula(paste("time | cens(censored) ~", paste(x, collapse = " + ")))
prior <- c(prior(normal(1.5, 1), class = Intercept), prior(normal(0, 1), class = b))
prior <- c(prior, prior(lognormal(0, 0.5), class = shape))
model <- brm(formula, patients, family = weibull(), prior = prior, chains = 0, silent = 2, refresh = 0)
for (seed in as.integer(arguments[-1])) {
  before <- proc.time()
  fit <- update(model, chains = 4, iter = 2000, cores = 1, seed = seed, recompile = FALSE, silent = 2, refresh = 0)
  spent <- sum((proc.time() - before)[c("user.self", "sys.self")])
  draws <- posterior::as_draws_array(fit)
  wanted <- grep("^(b_|shape)", posterior::variables(draws), value = TRUE)
  size <- min(apply(as.array(draws[, , wanted]), 3, posterior::ess_bulk))
  cat("RATE", size / spent, "\\n")
}
"""


def brms_is_installed() -> bool:
    """Whether there is an R with the package brms."""
    found = shutil.which("Rscript")
    if found is None:
        return False
    asked = [found, "-e", 'quit(status = !requireNamespace("brms", quietly = TRUE))']
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


def brms_rate(design: Any, seeds: tuple[int, ...]) -> list[float]:
    """Smallest bulk effective sample size per CPU second, one for each seed.

    Parameters
    ----------
    design : SurvivalDesign
        Right-censored patients and their encoded covariates.
    seeds : tuple of int
    """
    follow = design.follow_up
    table = pd.DataFrame(design.encoded.values, columns=[f"x{j}" for j in range(design.encoded.values.shape[1])])
    table["regimen"] = (design.regimen == 1).astype(int)
    table["time"], table["censored"] = follow.last, (~follow.event).astype(int)
    with tempfile.TemporaryDirectory() as name:
        script, data = Path(name) / "model.R", Path(name) / "patients.csv"
        script.write_text(_SCRIPT, encoding="utf-8")
        table.to_csv(data, index=False)
        command = ["Rscript", str(script), str(data), *map(str, seeds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("RATE")]
