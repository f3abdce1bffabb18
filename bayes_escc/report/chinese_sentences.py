"""The catalogue of sentences in English and Chinese; holes stand for names, numbers and terms."""

from __future__ import annotations

from typing import Final

from bayes_escc.report.chinese_checks import CHECKS
from bayes_escc.report.chinese_designs import DESIGNS
from bayes_escc.report.chinese_models import MODELS
from bayes_escc.report.chinese_notes import NOTES
from bayes_escc.report.chinese_priors import PRIORS
from bayes_escc.report.chinese_published import PUBLISHED
from bayes_escc.report.chinese_raised import RAISED
from bayes_escc.report.chinese_readers import READERS
from bayes_escc.report.chinese_refusals import REFUSALS
from bayes_escc.report.chinese_rules import RULES
from bayes_escc.report.chinese_study import STUDY
from bayes_escc.report.chinese_tables import TABLE_NOTES

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    *PRIORS,
    *NOTES,
    *TABLE_NOTES,
    *CHECKS,
    *PUBLISHED,
    *STUDY,
    *REFUSALS,
    *READERS,
    *RULES,
    *DESIGNS,
    *RAISED,
    *MODELS,
)
