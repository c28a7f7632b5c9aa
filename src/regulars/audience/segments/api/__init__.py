"""The door of segments: make them, ask without saving, keep them true, read them."""

from regulars.audience.segments.api.asking import builder, describe, holds_for, preview, put_wanted
from regulars.audience.segments.api.definitions import (
    create,
    get_segment,
    list_segments,
    list_versions,
    set_state,
    update,
)
from regulars.audience.segments.api.growing import install_ready_made, listed_ids, look_alike
from regulars.audience.segments.api.keeping import (
    cancel,
    follow,
    has_live,
    leave_profiled,
    refresh,
    refresh_all,
    refresh_due,
)
from regulars.audience.segments.api.knowing import catalogue, next_holding, values_of, whole_builder
from regulars.audience.segments.api.reading import (
    are_in,
    codes_of,
    counts_of,
    find_id,
    members_of,
    moves_of,
    next_members,
    of_member,
    overlap,
    split,
    walk,
)

__all__ = [
    "are_in",
    "builder",
    "cancel",
    "catalogue",
    "codes_of",
    "counts_of",
    "create",
    "describe",
    "find_id",
    "follow",
    "get_segment",
    "has_live",
    "holds_for",
    "install_ready_made",
    "leave_profiled",
    "list_segments",
    "list_versions",
    "listed_ids",
    "look_alike",
    "members_of",
    "moves_of",
    "next_holding",
    "next_members",
    "of_member",
    "overlap",
    "preview",
    "put_wanted",
    "refresh",
    "refresh_all",
    "refresh_due",
    "set_state",
    "split",
    "update",
    "values_of",
    "walk",
    "whole_builder",
]
