"""The demo's segments: the ready-made ones and a live one, over the facts of the year it replays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import SegmentDraft
from regulars.facts.members import api as members
from regulars.facts.members.types import Tag
from regulars.flows import audience
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

TAG = Tag("weekend-regular", Text("周末常客", "Weekend regular"), "#2f6fb2")
# the one that a rule of the retail pack puts on at the tenth order
_TAGS = (TAG, Tag("regular", Text("常客", "Regular"), "#3a8a5f"))
# a segment has one note, what staff wrote for each other: the demo's brand writes Chinese
LIVE = (
    SegmentDraft(
        "active-now",
        Text("近 30 天活跃", "Active in 30 days"),
        "live",
        {"field": "fact.orders_30", "op": "gte", "value": 1},
        note="随每笔订单实时进出",
    ),
    SegmentDraft(
        "weekend-regulars",
        Text("周末常客", "Weekend regulars"),
        "refreshed",
        {
            "all": [
                {"field": "fact.orders_365", "op": "gte", "value": 5},
                {"field": "fact.weekend_share", "op": "gte", "value": "0.6"},
            ]
        },
        note="自动维护标签「周末常客」",
        tag=TAG.code,
    ),
    SegmentDraft(
        "valuable-slipping",
        Text("高价值且即将流失", "Valuable and slipping"),
        "refreshed",
        {
            "all": [
                {"field": "membership.segments", "op": "contains", "value": "high-value"},
                {"field": "membership.segments", "op": "contains", "value": "slipping"},
            ]
        },
        note="由两个人群相交而成",
    ),
)


def fill(scope: Scope, clock: Callable[[], datetime]) -> None:
    """Facts of everybody, then the segments, filled. Again adds nothing."""
    member_facts.rebuild(brand_id=scope.brand_id, clock=clock)
    now = clock()
    audience.install_ready_made(scope=scope, now=now)
    there = {tag.code for tag in members.list_tags(brand_id=scope.brand_id)}
    for tag in _TAGS:
        if tag.code not in there:
            members.put_tag(scope=scope, tag=tag, now=now)
    known = {one.code for one in segments.list_segments(brand_id=scope.brand_id, archived=True)}
    for draft in LIVE:
        if draft.code not in known:
            segments.create(scope=scope, draft=draft, now=now)
    segments.refresh_all(brand_id=scope.brand_id, now=clock())
