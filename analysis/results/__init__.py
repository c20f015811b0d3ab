"""The one form of a result: what was asked, its hash, where it was measured, the figures."""
