"""Experiments on the gradient of networks at initialisation."""
