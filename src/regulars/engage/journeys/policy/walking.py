"""Walking: from the node where a run stands to where it rests or ends. The engine and dry runs walk by this alone.

A walk decides; it writes nothing. All conditions on the way are asked of facts gathered before, so that a batch of
runs is one question to the database, however many branches it passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.conditions.api import FieldCatalogue, compile_condition
from regulars.conditions.types import Condition, Predicate
from regulars.engage.journeys.policy import graph, timing
from regulars.engage.journeys.types import Definition, Node

MOST_STEPS = 2000  # of a run: one that turns in a circle for years ends some day
_TAGS = "membership.tags"


@dataclass(frozen=True, slots=True)
class Act:
    """An action to be carried out: at which node, as which step of the run."""

    node: Node
    visit: int


@dataclass(slots=True)
class Walk:
    """How a walk went. `passed`: (node, port) left by; `reached`: nodes come to; `ended`: the reason, empty if it rests
    at `node` until `next_run_at`."""

    node: str
    steps: int
    next_run_at: datetime | None = None
    waits_for: str = ""
    ended: str = ""
    reached: list[str] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


class Plan:
    """A definition made ready: conditions compiled, and which of them lie ahead of each node before the next rest.

    `bucket` puts a member into one of 10 000 by a hash of a salt and her id.
    """

    __slots__ = ("ahead", "bucket", "catalogue", "definition", "salt", "tests", "timezone")

    def __init__(
        self,
        definition: Definition,
        catalogue: FieldCatalogue,
        *,
        salt: str,
        bucket: Callable[[str, UUID], int],
    ) -> None:
        self.definition = definition
        self.bucket = bucket
        self.catalogue = catalogue
        self.timezone = catalogue.timezone
        self.salt = salt
        self.tests: dict[str, list[tuple[str, Predicate]]] = {
            node.id: [
                (arm.key, compile_condition(condition=arm.when, catalogue=catalogue)) for arm in node.arms
            ]
            for node in definition.nodes.values()
            if node.kind == "branch"
        }
        self.ahead: dict[str, frozenset[str]] = {id_: self._ahead(id_) for id_ in definition.nodes}

    def asked_from(self, nodes: set[str]) -> list[Condition]:
        """The conditions that walks from these nodes may come to before they rest."""
        branches = frozenset[str]().union(*(self.ahead.get(id_, frozenset()) for id_ in nodes))
        return [arm.when for id_ in sorted(branches) for arm in self.definition.nodes[id_].arms]

    def arm_of(self, node: Node, member_id: UUID) -> str:
        """The arm of a split: the same for a member each time, whatever run she is on."""
        place = self.bucket(f"{self.salt}:{node.id}", member_id) % 100
        for arm in node.arms:
            place -= arm.percent
            if place < 0:
                return arm.key
        return node.arms[-1].key

    def _ahead(self, id_: str) -> frozenset[str]:
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [id_]
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            node = self.definition.nodes[one]
            if node.kind == "branch":
                found.add(one)
            if (
                node.kind != "wait" or one == id_
            ):  # a run that rests at `id_` leaves it; one that comes there rests
                waiting += graph.followers(self.definition, one)
        return frozenset(found)


def walk(
    plan: Plan,
    *,
    member_id: UUID,
    node: str,
    steps: int,
    resting: bool,
    arrived: bool,
    facts: Mapping[str, Any],
    now: datetime,
    is_workday: timing.IsWorkday,
) -> Walk:
    """Walk from `node` to the next rest or end.

    `resting`: the run waited at `node` and its time has come (or, `arrived`, what it waited for); else it comes there
    now. `facts` hold what the conditions ahead ask: of the member, and of what triggered the run.
    """
    nodes, edges = plan.definition.nodes, plan.definition.edges
    done = Walk(node=node, steps=steps)
    at = nodes.get(node)
    if at is None:
        done.ended = "migrated"
        return done
    if not resting:
        done.reached.append(node)
    while True:
        if done.steps >= MOST_STEPS:
            done.ended = "too_many_steps"
            return done
        port = "next"
        match at.kind:
            case "exit":
                done.ended = "exit"
                return done
            case "wait":
                assert at.wait is not None
                if not resting:
                    until = timing.until(at.wait, now, plan.timezone, is_workday)
                    done.next_run_at = until
                    done.waits_for = at.wait.activity
                    return done
                resting = False
                done.next_run_at, done.waits_for = None, ""
                if at.wait.mode == "activity":
                    port = "happened" if arrived else "timeout"
            case "branch":
                port = next((key for key, test in plan.tests[at.id] if test(facts)), "else")
            case "split":
                port = plan.arm_of(at, member_id)
            case "trigger":
                pass
            case _:
                done.acts.append(Act(at, done.steps))
                if at.kind == "tag":
                    facts = _retagged(facts, at.action)
        done.steps += 1
        done.passed.append((at.id, port))
        to = edges.get((at.id, port))
        if to is None:
            done.ended = "completed"
            return done
        done.node = to
        done.reached.append(to)
        at = nodes[to]


def _retagged(facts: Mapping[str, Any], action: Mapping[str, Any]) -> Mapping[str, Any]:
    """A branch behind a tag sees the tag."""
    tags = set(facts.get(_TAGS) or ())
    return {**facts, _TAGS: (tags | set(action["add"])) - set(action["remove"])}
