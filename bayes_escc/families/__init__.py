"""The likelihoods: each family turns a checked table and a specification into a model."""

from bayes_escc.families.base import FAMILIES, Design, get_family

__all__ = ["FAMILIES", "Design", "get_family"]
