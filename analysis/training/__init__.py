"""Training: recipes, the loop, checkpoints, and the verdict on the runs."""
