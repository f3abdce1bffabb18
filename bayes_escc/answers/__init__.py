"""What a fitted analysis answers: posterior, comparisons, ranks, predictions, and where a rule stands."""
