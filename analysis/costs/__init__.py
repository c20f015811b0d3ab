"""The cost of a network: counts, memory and their conventions."""
