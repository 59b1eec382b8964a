"""Benchmarks, each beside a baseline in the same run. `make bench` runs all; results are ratios.

Machines differ and are noisy, so nothing here fails on a time: a benchmark reports ours, the baseline, their
ratio and the target, in a table and in `.ventanilla/bench/latest.json`.
"""
