"""What a network consists of: layers, blocks, units and code."""
