"""Which network: compare, choose, and tell apart."""
