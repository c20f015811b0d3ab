"""The parts of one page each."""
