"""The machine: devices, clocks and the worker process."""
