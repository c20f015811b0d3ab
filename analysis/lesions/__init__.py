"""Trained networks taken apart: blocks out, blocks reordered, gradients along paths."""
