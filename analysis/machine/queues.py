"""Where the app's jobs run: on this machine or, if its owner names a scheduler, on a cluster."""

from __future__ import annotations

import os
from functools import cache

from analysis.machine.jobs import NOTHING, Needs, Queue, worker

SCHEDULER = "RESNET_LAB_SCHEDULER"
"""The environment variable with the address of Dask's scheduler."""


def worker_for(needs: Needs = NOTHING) -> Queue:
    """Return what runs jobs with these needs.

    Times are measured on the cluster's worker that `RESNET_LAB_TIMING_WORKER` names, or else on
    this machine: other jobs might run beside them on any other.
    """
    found = _cluster()
    if found is None or needs.is_here or (needs.is_timing and not timing_worker()):
        return worker()
    return found


def timing_worker() -> str:
    """Return the name of the cluster's worker that measures times; "" if this machine does."""
    if _cluster() is None:
        return ""
    from analysis.machine.cluster import TIMING_WORKER

    return os.environ.get(TIMING_WORKER, "")


def close() -> None:
    """Cancel every job of this process and end what runs them."""
    worker().close()
    if (found := _cluster()) is not None:
        found.close()


@cache
def _cluster() -> Queue | None:
    """Return the queue of the cluster that the owner names, or None; decided once."""
    if not (address := os.environ.get(SCHEDULER)):
        return None
    from analysis.machine.cluster import TIMING_WORKER
    from analysis.machine.cluster_queue import ClusterQueue

    return ClusterQueue(address, os.environ.get(TIMING_WORKER, ""))
