"""A value in, a picture or a text out."""
