"""Value of a million members: fits of buying and spending, values with intervals.  python -m bench.lifetime [members]

Members are drawn from the model's own story over two years with days as the grain: as many distinct histories as a
brand of that size would have. The time that counts is grouping, both fits of buying, the fit of spending, and values.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import Any

import numpy as np

from regulars.insight.lifetime import api as lifetime
from regulars.insight.lifetime.types import Terms


def drawn(members: int, seed: int = 1) -> tuple[Any, Any, Any, Any]:
    """Repeats, recency, age in days and mean spending of members by the Pareto/NBD's story."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 731, members).astype(float)
    rate = rng.gamma(0.7, 1 / 40, members)
    stays = np.minimum(rng.exponential(1 / rng.gamma(0.6, 1 / 120, members)), age)
    repeats = np.minimum(rng.poisson(rate * stays), stays // 1).astype(float)
    # the last of n purchases spread evenly over the time she stayed
    last = np.where(repeats > 0, np.ceil(stays * rng.random(members) ** (1 / np.maximum(repeats, 1))), 0)
    last = np.clip(last, np.minimum(repeats, age), age)
    mean = rng.gamma(2 * (repeats + 1)) / rng.gamma(4, 1 / 3000, members) / (repeats + 1)
    return repeats, last, age, mean


def main(members: int = 1_000_000) -> None:
    repeats, last, age, mean = drawn(members)
    began = at = time.perf_counter()
    spent = time.process_time()

    def lap(what: str) -> None:
        nonlocal at
        now = time.perf_counter()
        print(f"{what:<44}{now - at:8.2f} s")
        at = now

    grouped = lifetime.group(repeats, last, age)
    lap(f"{grouped.repeats.size:,} histories of {members:,} members")
    fits = {}
    for kind in ("bg_nbd", "pareto_nbd"):
        fits[kind] = lifetime.fit_histories(grouped, kind=kind)  # type: ignore[arg-type]
        lap(f"{kind}, {fits[kind].steps} steps, converged {fits[kind].converged}")
    spend = lifetime.fit_spend(repeats + 1, mean)
    lap("gamma-gamma")
    fitted = time.perf_counter() - began
    best = max(fits.values(), key=lambda one: one.log_likelihood)
    lifetime.worth_of(best, spend, grouped=grouped, mean_spend=mean, terms=Terms(discount=0.08, margin=0.3))
    lap("values for 12 and 36 months with intervals")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    whole, load = time.perf_counter() - began, os.getloadavg()[0]
    print(f"fits {fitted:.1f} s, all {whole:.1f} s, processor {time.process_time() - spent:.1f} s")
    print(f"peak {peak:,.0f} MB, load {load:.1f}")
    for one in fits.values():
        print(
            one.kind,
            {name: round(value, 4) for name, value in one.parameters.items()},
            round(one.log_likelihood),
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
