"""A lecture: results recorded in advance, and the steps that show them."""
