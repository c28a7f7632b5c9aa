"""What a definition names: templates, rewards, segments, tags, tiers, other journeys. Each is there, or it is said."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.segments import api as segments
from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import Definition, Node
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.kit.errors import ErrorList, Refusal
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.programme.versions import api as versions


def check_names(
    definition: Definition, *, brand_id: UUID, code: str, data: Any, errors: ErrorList, now: datetime
) -> None:
    """Add what a well-formed definition names and the brand does not have; paths as in the JSON."""
    places = {node["id"]: f"nodes[{place}]" for place, node in enumerate(data["nodes"])}
    known = _Known(brand_id, code, errors, now)
    for node in definition.nodes.values():
        known.check(node, places[node.id])
    if definition.settings.leave_segment:
        known.segment(definition.settings.leave_segment, "settings.leave_segment")


class _Known:
    """What the brand has, looked up when it is first asked for."""

    def __init__(self, brand_id: UUID, code: str, errors: ErrorList, now: datetime) -> None:
        self.brand_id, self.code, self.errors, self.now = brand_id, code, errors, now
        self._segments: set[str] | None = None
        self._tags: set[str] | None = None

    def check(self, node: Node, path: str) -> None:
        action = node.action
        match node.kind:
            case "trigger":
                self._trigger(node, path)
            case "message":
                messaging.check_template(
                    brand_id=self.brand_id,
                    code=action["template"],
                    field=f"{path}.template",
                    errors=self.errors,
                    purpose=action["purpose"],
                )
                for place, channel in enumerate(action["channels"]):
                    if channel not in CHANNELS:
                        self.errors.add(
                            f"{path}.channels[{place}]",
                            "unknown_channel",
                            "没有这个通道",
                            "There is no such channel",
                        )
            case "reward":
                rewarding.read_rewards(
                    action["rewards"], brand_id=self.brand_id, field=f"{path}.rewards", errors=self.errors
                )
            case "tag":
                if self._tags is None:
                    self._tags = {tag.code for tag in members.list_tags(brand_id=self.brand_id)}
                for place, tag in enumerate(action["add"]):
                    if tag not in self._tags:
                        self.errors.add(
                            f"{path}.add[{place}]", "unknown_tag", "没有这个标签", "There is no such tag"
                        )
            case "journey":
                self._journey(action["journey"], f"{path}.journey")

    def segment(self, code: str, path: str) -> None:
        if self._segments is None:
            found = segments.list_segments(brand_id=self.brand_id)
            self._segments = {one.code for one in found if one.state != "archived"}
        if code not in self._segments:
            self.errors.add(path, "unknown_segment", "没有这个人群", "There is no such segment")

    def _trigger(self, node: Node, path: str) -> None:
        trigger = node.trigger
        assert trigger is not None
        if trigger.segment:
            self.segment(trigger.segment, f"{path}.segment")
        if trigger.on != "tier_changed":
            return
        try:
            schemes = versions.in_force(brand_id=self.brand_id, now=self.now).live.schemes
        except Refusal:
            schemes = ()
        if trigger.scheme and trigger.scheme not in {one.key for one in schemes}:
            self.errors.add(
                f"{path}.scheme", "unknown_scheme", "没有这个等级体系", "There is no such tier scheme"
            )
        tiers = {tier.code for one in schemes for tier in one.tiers if trigger.scheme in ("", one.key)}
        for tier in sorted(trigger.tiers - tiers):
            self.errors.add(f"{path}.tiers", "unknown_tier", f"没有等级 {tier}", f"There is no tier {tier}")

    def _journey(self, code: str, path: str) -> None:
        if code == self.code:
            self.errors.add(path, "itself", "不能再进入自己", "A journey cannot start itself")
            return
        live = {
            one.code: definition
            for one, definition in journeys.live_journeys(brand_id=self.brand_id, now=self.now)
        }
        definition = live.get(code)
        if definition is None:
            self.errors.add(
                path, "unknown_journey", "没有这个运行中的旅程", "There is no such running journey"
            )
        elif not any(node.trigger and node.trigger.on == "call" for node in definition.triggers):
            self.errors.add(
                path,
                "not_callable",
                "该旅程没有“接口发起”触发",
                "That journey has no trigger of the kind call",
            )
