"""The parts of a network: layers, blocks, units and code."""
