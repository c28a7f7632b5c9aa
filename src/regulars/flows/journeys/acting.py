"""What actions of journeys do: messages, rewards, tags, tasks, webhooks, other journeys. Set-based, by kind.

Everything is asked for under the deed's key, in the transaction that moves the run: done with it or not at all, and
never twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.api import Batch, Deed, Outcome
from regulars.engage.journeys.types import Entry, Journey, Span
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import NewTask
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.kit.ids import new_ids
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.gifts.types import Gift

_CHAIN = 5  # journeys that begin journeys, one inside the other


def carry_out(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    """Do what these actions say; gives what there is to tell of them."""
    by_kind: dict[str, list[Deed]] = {}
    for deed in deeds:
        by_kind.setdefault(deed.node.kind, []).append(deed)
    outcomes: list[Outcome] = []
    for kind, mine in sorted(by_kind.items()):
        outcomes += _DO[kind](batch, mine)
    return outcomes


def source_of(journey: Journey) -> str:
    """Who asks for messages and gifts of a journey."""
    return f"journey:{journey.code}"


def _message(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    asks = []
    for deed in deeds:
        action = deed.node.action
        expires = action["expires_in"]
        priority = action["priority"]
        asks.append(
            Ask(
                member_id=deed.member_id,
                key=f"{deed.key}:{batch.version}",  # by which figures of nodes and versions are found
                source=source_of(batch.journey),
                purpose=action["purpose"],
                template=action["template"],
                channels=tuple(action["channels"]),
                values={**deed.data.get("values", {}), **action["values"]},
                priority=batch.priority if priority is None else priority,
                expires_at=journeys.later(
                    at=batch.now, span=Span(expires["amount"], expires["unit"]), tz=batch.brand.timezone
                )
                if expires
                else None,
                origin=str(deed.run_id),
            )
        )
    messaging.ask(brand=batch.brand, asks=asks, now=batch.now)
    return []


def _reward(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    by_node: dict[str, tuple[Any, ...]] = {}
    gifts = []
    for deed in deeds:
        rewards = by_node.get(deed.node.id)
        if rewards is None:
            rewards = by_node[deed.node.id] = rewarding.rewards_of(deed.node.action["rewards"])
        gifts.append(
            Gift(deed.member_id, deed.key, source_of(batch.journey), rewards, title=batch.journey.name)
        )
    given = rewarding.give(brand=batch.brand, gifts=gifts, now=batch.now)
    return [
        Outcome(deed, one.state, {"refused": [list(why) for why in one.refused]})
        for deed, one in zip(deeds, given, strict=True)
        if one.state != "given"
    ]


def _tag(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    known = {tag.code for tag in members.list_tags(brand_id=batch.brand.id)}
    outcomes: list[Outcome] = []
    by_node: dict[str, list[Deed]] = {}
    for deed in deeds:
        by_node.setdefault(deed.node.id, []).append(deed)
    for mine in by_node.values():
        add, remove = mine[0].node.action["add"], mine[0].node.action["remove"]
        gone = [code for code in add if code not in known]
        if gone:
            outcomes += [Outcome(deed, "partly", {"unknown": gone}) for deed in mine]
        ids = sorted({deed.member_id for deed in mine})
        members.tag_members(
            scope=_system(batch),
            member_ids=ids,
            add=[code for code in add if code in known],
            remove=remove,
            now=batch.now,
        )
        member_facts.mark_dirty(pairs=[(batch.brand.id, id_) for id_ in ids], now=batch.now)
    return outcomes


def _task(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    ids = {deed.member_id for deed in deeds}
    declined = tasks.declined(brand_id=batch.brand.id, member_ids=ids, now=batch.now)
    asked = [deed for deed in deeds if deed.member_id not in declined]
    stores = _stores(batch, asked)
    today = batch.now.astimezone(zone(batch.brand.timezone)).date()
    tasks.add_many(
        brand=batch.brand,
        tasks=[
            NewTask(
                member_id=deed.member_id,
                key=deed.key,
                kind=deed.node.action["task"],
                title=Text.from_json(deed.node.action["title"]),
                script=Text.from_json(deed.node.action["script"]),
                store_id=stores.get((deed.node.action["store"], deed.member_id)),
                assignee=None,
                due_on=today + timedelta(days=deed.node.action["due_in_days"]),
                source=source_of(batch.journey),
                origin=str(deed.run_id),
            )
            for deed in asked
        ],
        now=batch.now,
    )
    return [Outcome(deed, "declined", {}) for deed in deeds if deed.member_id in declined]


def _stores(batch: Batch, deeds: Sequence[Deed]) -> Mapping[tuple[str, UUID], UUID]:
    """(which, member) → the store whose staff is asked: her favourite (else where she joined), or where she joined."""
    wanted = {deed.member_id for deed in deeds if deed.node.action["store"] != "none"}
    if not wanted:
        return {}
    codes = {code: store.id for code, store in organisations.stores_of(brand_id=batch.brand.id).items()}
    found: dict[tuple[str, UUID], UUID] = {}
    for member_id, facts in journeys.stores_known(
        brand_id=batch.brand.id, member_ids=wanted, now=batch.now
    ).items():
        joined = codes.get(facts[0] or "")
        favourite = codes.get(facts[1] or "") or joined
        if joined is not None:
            found["joined", member_id] = joined
        if favourite is not None:
            found["favourite", member_id] = favourite
    return found


def _webhook(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    outbox.append(
        [
            Event(
                id=id_,
                organisation_id=batch.brand.organisation_id,
                brand_id=batch.brand.id,
                topic="journey.called",
                payload={
                    "journey": batch.journey.code,
                    "node": deed.node.id,
                    "run": str(deed.run_id),
                    "event": deed.node.action["event"],
                    "data": dict(deed.node.action["data"]),
                    "trigger": dict(deed.data.get("values", {})),
                },
                occurred_at=batch.now,
                recorded_at=batch.now,
                member_id=deed.member_id,
            )
            for deed, id_ in zip(deeds, new_ids(len(deeds)), strict=True)
        ]
    )
    return []


def _journey(batch: Batch, deeds: Sequence[Deed]) -> list[Outcome]:
    live = {
        one.code: (one, definition)
        for one, definition in journeys.live_journeys(brand_id=batch.brand.id, now=batch.now)
    }
    outcomes: list[Outcome] = []
    by_code: dict[str, list[Deed]] = {}
    for deed in deeds:
        by_code.setdefault(deed.node.action["journey"], []).append(deed)
    for code, mine in sorted(by_code.items()):
        journey, definition = live.get(code, (None, None))
        node = (
            next((n for n in definition.triggers if n.trigger and n.trigger.on == "call"), None)
            if definition
            else None
        )
        depth = [int(deed.data.get("depth", 0)) for deed in mine]
        if journey is None or node is None:
            outcomes += [Outcome(deed, "refused", {"why": "not_running"}) for deed in mine]
            continue
        outcomes += [
            Outcome(d, "refused", {"why": "chain"}) for d, n in zip(mine, depth, strict=True) if n >= _CHAIN
        ]
        entries = [
            Entry(deed.member_id, deed.key, "", {**_brought(deed.data), "depth": n + 1})
            for deed, n in zip(mine, depth, strict=True)
            if n < _CHAIN
        ]
        entered = journeys.enter(
            brand=batch.brand,
            journey=journey,
            trigger=node,
            entries=entries,
            now=batch.now,
            tally=batch.tally,
        )
        if entered.refused and len(entries) == 1:
            outcomes.append(Outcome(mine[0], "refused", {"why": next(iter(entered.refused))}))
    return outcomes


def _brought(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a run hands on: not what came together with its own beginning, which for the next one is long past."""
    return {name: value for name, value in data.items() if name != "then"}


def _system(batch: Batch) -> Scope:
    brand = batch.brand
    return Scope(
        organisation_id=brand.organisation_id, brand_id=brand.id, actor=SYSTEM, permissions=frozenset()
    )


_DO: Mapping[str, Callable[[Batch, Sequence[Deed]], list[Outcome]]] = {
    "message": _message,
    "reward": _reward,
    "tag": _tag,
    "task": _task,
    "webhook": _webhook,
    "journey": _journey,
}
