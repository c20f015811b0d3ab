"""Timings of networks on this machine."""
