"""What a network costs: counts, memory and the conventions behind them."""
