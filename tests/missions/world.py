"""A shop whose missions follow what its members do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.races.world import Rush

from regulars.engage.missions.api import draws, missions, play
from regulars.engage.missions.types.missions import Run
from regulars.facts.activity.types import ActivityIn, MemberRef, RefundIn, RefundLineIn
from regulars.flows.missions import api as flow
from regulars.kit import clock
from regulars.platform.organisations import api as organisations


def pays(amount: int) -> list[dict[str, Any]]:
    return [{"kind": "points", "unit": "points", "amount": amount}]


def step(key: str = "s", **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "kind": "act", "activity": "order", "goal": 1} | more


def mission(key: str = "m", *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "steps": list(steps) or [step()], "rewards": pays(100)} | more


@dataclass
class World:
    rush: Rush
    now: datetime

    @property
    def brand(self) -> Any:
        return organisations.get_brand(brand_id=self.rush.scope.brand_id)

    def put(self, data: dict[str, Any]) -> None:
        """A mission, published an hour ago."""
        at = clock.now() - timedelta(hours=1)
        flow.put_mission(scope=self.rush.scope, data=data, now=at, create=True)
        missions.set_state(scope=self.rush.scope, key=data["key"], state="active", now=at)

    def draw(self, data: dict[str, Any]) -> None:
        flow.put_draw(scope=self.rush.scope, data=data, now=clock.now(), create=True)
        draws.set_state(scope=self.rush.scope, key=data["key"], state="active", now=clock.now())

    def board(self, data: dict[str, Any], at: datetime | None = None) -> None:
        """A leaderboard, opened an hour ago, and what happened in its period before that is counted."""
        at = at or clock.now() - timedelta(hours=1)
        flow.put_board(scope=self.rush.scope, data=data, now=at, create=True)
        play.set_board_state(scope=self.rush.scope, key=data["key"], state="active", now=at)
        while flow.fill_boards(clock.now()):
            pass

    def begin(self) -> None:
        """Take the consumers' positions: what comes from now on counts."""
        self.follow()

    def follow(self) -> None:
        while flow.follow(clock.now()):
            pass
        while flow.follow_badges(clock.now()):
            pass

    def buy(self, member: UUID, number: str, *amounts: int, at: datetime | None = None) -> None:
        self.rush.post(self.rush.order(member, number, *amounts, at=at))
        self.follow()

    def give_back(self, member: UUID, number: str, of: str, *lines: int) -> None:
        parts = tuple(RefundLineIn(line=n) for n in lines) or None
        self.rush.post(
            ActivityIn(
                type="refund",
                member=MemberRef(id=member),
                occurred_at=clock.now(),
                refund=RefundIn(number=number, order=of, lines=parts),
            )
        )
        self.follow()

    def runs(self, member: UUID, key: str = "m") -> list[Run]:
        return missions.runs_of(brand_id=self.rush.scope.brand_id, member_ids=[member]).get((member, key), [])

    def points(self, member: UUID) -> int:
        """Points from rewards: what orders earn is one for each hundred."""
        return self.rush.balance(member)[0]


def open_world(rush: Rush) -> World:
    world = World(rush, clock.now())
    world.begin()
    return world
