"""Image sets: sources, folders, uploads and batches."""
