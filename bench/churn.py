"""Churn of a million members by 25 fields: learn, calibrate, tell, and say why.  python -m bench.churn [members]

Members are drawn with a rate of buying of their own, some of whom have left; what they do, the fields, follows from
that with noise. Learning takes one sample of them, calibration another, and all of today's are told with reasons.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import Any

import numpy as np

from regulars.insight.churn import fitting, reasons
from regulars.insight.churn.types import Sample
from regulars.insight.measures import api as measures

_SAYING_NOTHING = (
    "gap_sd", "gap_max", "gap_last", "last_spend", "spend_trend", "pieces", "coupon_share", "discount_share",
    "stores", "weekend_share", "visits_90",
)  # fmt: skip


def drawn(members: int, seed: int) -> Sample:
    """25 fields and when the next purchase came."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.2, 1 / 25, members) + 0.002
    left = rng.random(members) < 0.2
    since = np.where(left, rng.uniform(10, 200, members), rng.exponential(1 / rate)).round()
    spend = rng.gamma(2, 2000, members)

    def seen(days: int) -> Any:
        return np.where(since < days, rng.poisson(rate * np.maximum(days - since, 0)) + 1, 0).astype(float)

    month, quarter = seen(30), seen(90)
    fields: dict[str, Any] = {
        "since": since,
        "overdue": since * rate,
        "tenure": rng.uniform(1, 180, members),
        "rate": rate * 30 * rng.lognormal(0, 0.2, members),
        "gap_mean": 1 / rate * rng.lognormal(0, 0.2, members),
        "days_30": month,
        "days_90": quarter,
        "visit_trend": (month + 1) / (quarter / 2 + 1),
        "spend_30": month * spend,
        "spend_90": quarter * spend,
        "spend_rate": rate * 30 * spend,
        "mean_spend": spend,
        "categories_30": np.minimum(month * 3, 40),
        "categories_90": np.minimum(quarter * 2, 60),
    }
    fields |= {name: rng.random(members) for name in _SAYING_NOTHING}
    next_in = np.where(left, np.inf, np.floor(rng.exponential(1 / rate)))
    return Sample(day=0, fields=fields, next_in=next_in, known_days=90)


def main(members: int = 1_000_000) -> None:
    learnt, later, today = drawn(members, 1), drawn(members // 5, 2), drawn(members, 3)
    began = at = time.perf_counter()
    spent = time.process_time()

    def lap(what: str) -> None:
        nonlocal at
        now = time.perf_counter()
        print(f"{what:<52}{now - at:8.2f} s")
        at = now

    model = fitting.Model(30, [learnt], later)
    lap(f"learnt on {model.rows:,} x {len(model.names)}, {model.calibration.kind} on {later.members:,}")
    gone = 1 - model.chance(today)
    lap(f"{members:,} chances")
    whole, busy = time.perf_counter() - began, time.process_time() - spent
    print(f"learnt, calibrated and told: {whole:.1f} s, processor {busy:.1f} s")
    because = reasons.explain(
        fitting.matrix(today, model.names), model.names, lambda rows: -model.log_odds(rows)
    )
    lap(f"reasons of {sum(bool(one) for one in because):,} members")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    whole, load = time.perf_counter() - began, os.getloadavg()[0]
    print(
        f"all {whole:.1f} s, processor {time.process_time() - spent:.1f} s, peak {peak:,.0f} MB, load {load:.1f}"
    )
    print(measures.classification(today.next_in >= 30, gone))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
