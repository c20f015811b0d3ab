"""Picking a network: comparisons, choices and differences."""
