"""The cyclic garbage collector, set for processes that make many short-lived objects in batches.

The default looks through young objects every 700 allocations and through everything often; a batch of a thousand
orders makes a hundred thousand objects that reference counting frees by itself. Collecting less often, and never
looking again at what was there at the start, took a third off the time of a batch.
"""

from __future__ import annotations

import gc


def relax() -> None:
    """Call once when a process has loaded its code."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
