"""Door of runs: every run of a model or report is begun, followed and ended here, so that its freshness is known;
what a brand has set for its insight; and whose turn it is to run."""

from regulars.insight.runs.api.recording import (
    begin,
    discard,
    fail,
    finish,
    get_run,
    get_setting,
    lack,
    latest,
    latest_of_each,
    list_runs,
    progress,
    put_setting,
)
from regulars.insight.runs.api.turns import (
    LEASE,
    ask,
    beat,
    claim,
    end_turn,
    get_turn,
    hand_over,
    schedule,
    take,
)

__all__ = [
    "LEASE",
    "ask",
    "beat",
    "begin",
    "claim",
    "discard",
    "end_turn",
    "fail",
    "finish",
    "get_run",
    "get_setting",
    "get_turn",
    "hand_over",
    "lack",
    "latest",
    "latest_of_each",
    "list_runs",
    "progress",
    "put_setting",
    "schedule",
    "take",
]
