"""Simulation-based calibration of every model and sampler that ships: run, tallied, reported, held to its code."""
