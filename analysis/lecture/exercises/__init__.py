"""What is wrong here? Mistakes of published articles as exercises, each with its measurement."""
