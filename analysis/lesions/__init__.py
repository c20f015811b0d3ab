"""A trained network taken apart: blocks out, blocks permuted, gradients along its paths."""
