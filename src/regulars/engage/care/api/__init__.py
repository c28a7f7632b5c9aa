"""The door of care: plans, whose turn it is, what was done, what came of it."""

from regulars.engage.care.api.definitions import (
    get_plan,
    list_plans,
    names_of,
    put_plan,
    read_definition,
    set_state,
    stored_definition,
)
from regulars.engage.care.api.items import end_item, items_of, look_again, rebuild, reminders
from regulars.engage.care.api.measuring import figures_of, keep_results, measure_due, plans_to_weigh
from regulars.engage.care.api.naming import item_name
from regulars.engage.care.api.passing import (
    already,
    claim,
    fail,
    find,
    found_items,
    go_on,
    homes_of,
    mark,
    near_milestone,
    note_costs,
    open_window,
    owed_visits,
    shown_in,
    starts_at,
    window_of,
)
from regulars.engage.care.api.reading import care_of, reached_by

__all__ = [
    "already",
    "care_of",
    "claim",
    "end_item",
    "fail",
    "figures_of",
    "find",
    "found_items",
    "get_plan",
    "go_on",
    "homes_of",
    "item_name",
    "items_of",
    "keep_results",
    "list_plans",
    "look_again",
    "mark",
    "measure_due",
    "names_of",
    "near_milestone",
    "note_costs",
    "open_window",
    "owed_visits",
    "plans_to_weigh",
    "put_plan",
    "reached_by",
    "read_definition",
    "rebuild",
    "reminders",
    "set_state",
    "shown_in",
    "starts_at",
    "stored_definition",
    "window_of",
]
