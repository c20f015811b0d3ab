"""Charts as values, and what draws them on screen and in files."""
