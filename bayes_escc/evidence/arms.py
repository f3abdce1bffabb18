"""Where the evidence on a regimen comes from, for the label on randomisation."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Arm"]


@dataclass(frozen=True)
class Arm:
    """One regimen of one study, on one endpoint.

    Parameters
    ----------
    study, regimen, endpoint : str
    design : str
        One of `names.DESIGNS`, or empty where the table does not say.
    patients : int, optional
        Who got the regimen, where the table says so.
    """

    study: str
    regimen: str
    endpoint: str
    design: str = ""
    patients: int | None = None
