"""Random effects as they are sampled: offset = tau (told - mean) / total^2 + error / total residue."""

from __future__ import annotations

import numpy as np


def residue(offset, mean, tau, told, error):
    """What is sampled, from a standardised random effect.

    Parameters
    ----------
    offset, mean : array of shape (k,)
        Standard normal random effects, and the whitened means of the contrasts.
    tau : float or array of shape (k,)
    told, error : array of shape (k,)
        The whitened contrasts and their standard errors.
    """
    total = np.sqrt(tau**2 + error**2)
    return (offset - tau * (told - mean) / total**2) * total / error


def log_jacobian(tau, error):
    """Log of d offset / d residue, summed."""
    return float(np.sum(np.log(error / np.sqrt(tau**2 + error**2))))
