"""Charts as values, and their drawing on screen and in files."""
