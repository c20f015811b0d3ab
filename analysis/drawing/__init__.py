"""Drawings of networks and their file formats."""
