"""Training: recipes, the loop, checkpoints, and what the runs say."""
