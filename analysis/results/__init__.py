"""The common form of results: the question, its hash, the place of measurement, the figures."""
