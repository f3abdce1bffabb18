"""From an analysis, or from numbers typed at a prompt, to answers and files."""
