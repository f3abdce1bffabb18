"""A study that lives: the record of data cuts, and the posterior after each.

Nothing is imported here: the command line registers its commands without loading what they need.
"""

__all__ = ()
