"""One-line statistical faults as data, and the runner that puts them in one at a time."""
