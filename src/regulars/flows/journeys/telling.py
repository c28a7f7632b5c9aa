"""Journeys in words: what each step is, with the names of all that it names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from regulars.audience.segments import api as segments
from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import Definition
from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.programme.versions import api as versions


def sentences(*, brand_id: UUID, definition: Definition, now: datetime) -> dict[str, Text]:
    """Each node as a sentence in both languages."""
    return journeys.describe(
        brand_id=brand_id, definition=definition, names=names_of(brand_id, definition, now), now=now
    )


def names_of(brand_id: UUID, definition: Definition, now: datetime) -> Mapping[str, Text]:
    """Words for what a definition names, looked up by kind where it names one."""
    kinds = {node.kind for node in definition.nodes.values()}
    names: dict[str, Text] = {f"channel:{code}": text for code, text in CHANNELS.items()}
    names |= {f"activity:{one.code}": one.name for one in activities.list_types(brand_id=brand_id)}
    if "trigger" in kinds:
        names |= {f"segment:{one.code}": one.name for one in segments.list_segments(brand_id=brand_id)}
        try:
            schemes = versions.in_force(brand_id=brand_id, now=now).live.schemes
        except Refusal:
            schemes = ()
        names |= {f"tier:{tier.code}": tier.name for scheme in schemes for tier in scheme.tiers}
    if "message" in kinds:
        names |= {f"template:{one.code}": one.name for one in messaging.list_templates(brand_id=brand_id)}
    if "tag" in kinds:
        names |= {f"tag:{tag.code}": tag.name for tag in members.list_tags(brand_id=brand_id)}
    if "journey" in kinds:
        names |= {f"journey:{one.code}": one.name for one in journeys.list_journeys(brand_id=brand_id)}
    for node in definition.nodes.values():
        if node.kind == "reward":
            for place, reward in enumerate(rewarding.rewards_of(node.action["rewards"])):
                names[f"reward:{node.id}:{place}"] = Text(
                    rewarding.describe(reward, "zh", brand_id=brand_id),
                    rewarding.describe(reward, "en", brand_id=brand_id),
                )
    return names
