"""A brand with members, a template, a budget and campaigns to launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from tests.coupons.given import definition
from tests.intake.world import World, order, points, programme, rule, world

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import SegmentDraft
from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Campaign, Run
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.campaigns import api as flow
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.models import Send
from regulars.messaging.wording import Content
from regulars.platform.organisations.types import Actor, Scope
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)  # noon in Shanghai
WRITER, CHIEF = new_id(), new_id()


@dataclass
class Shop:
    its: World

    @property
    def scope(self) -> Scope:
        """Who writes campaigns."""
        return replace(self.its.scope, actor=Actor("staff", WRITER, "writer"))

    @property
    def chief(self) -> Scope:
        """Who approves them."""
        return replace(self.its.scope, actor=Actor("staff", CHIEF, "chief"))

    @property
    def brand_id(self) -> UUID:
        return self.its.scope.brand_id

    def members(self, count: int, start: int = 0, at: datetime = NOW - timedelta(days=200)) -> list[UUID]:
        rows = [
            Enrolment(identities=(IdentityIn("phone", f"1390{n:07d}"),), joined_at=at)
            for n in range(start, start + count)
        ]
        found = []
        for answer in enrol.enrol(scope=self.its.scope, rows=rows, now=at):
            assert not isinstance(answer, Refusal), answer
            found.append(answer.enrolled.member_id)
        return found

    def segment(self, code: str, ids: Sequence[UUID]) -> None:
        segments.create(
            scope=self.its.scope,
            draft=SegmentDraft(code, Text(code, code), "static", members=list(ids)),
            now=NOW,
        )

    def template(self, code: str = "hello", purpose: str = "service") -> None:
        words = {"inbox": {"zh": Content("好消息", "您好"), "en": Content("News", "Hello")}}
        messaging.save_template(
            scope=self.scope,
            code=code,
            name=Text("问候", "Greeting"),
            purpose=purpose,
            contents=words,
            now=NOW,
        )
        messaging.submit_template(scope=self.scope, code=code, now=NOW)
        messaging.decide_template(scope=self.chief, code=code, number=1, approve=True, note="", now=NOW)

    def buy(self, her: UUID, number: str, amount: int, at: datetime) -> None:
        self.its.one(order(her, number, amount, at=at))

    def budget(self, key: str, kind: str, amount: int) -> None:
        given = {"key": key, "name": {"zh": key, "en": key}, "kind": kind, "amount": amount}
        budgets.apply_definition(scope=self.its.scope, definition=given, now=NOW)

    def left(self, key: str) -> int:
        return budgets.left(brand_id=self.brand_id, keys=[key], now=NOW)[key].left

    def coupon(self, key: str, **settings: Any) -> None:
        coupons.apply_definition(scope=self.its.scope, definition=definition(key, **settings), now=NOW)

    def outcome(
        self, member: UUID, state: str, reason: str = "", code: str = "spring", number: int = 1
    ) -> None:
        """What messaging says became of her message."""
        Send.objects.filter(member_id=member, key=f"campaign:{self.run(code, number).id}").update(
            state=state, reason=reason, next_run_at=None, ended_at=NOW
        )

    def scores(self, groups: dict[UUID, str]) -> None:
        member_facts.write_scores(
            brand_id=self.brand_id,
            as_of=NOW,
            columns={"rfm_group": list(groups.values())},
            member_ids=list(groups),
        )

    def freeze(self, member: UUID) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE membership SET status = 'frozen' WHERE member_id = %s", [member])

    def create(self, code: str = "spring", **definition: Any) -> Campaign:
        return flow.create(
            scope=self.scope,
            code=code,
            name={"zh": "春季", "en": "Spring"},
            note="",
            definition=definition_of(**definition),
            now=NOW,
        )

    def approved(self, code: str = "spring", **definition: Any) -> Campaign:
        self.create(code, **definition)
        flow.submit(scope=self.scope, code=code, now=NOW)
        return campaigns.decide(scope=self.chief, code=code, approve=True, note="", now=NOW)

    def launched(self, code: str = "spring", now: datetime = NOW, **definition: Any) -> Campaign:
        self.approved(code, **definition)
        return flow.launch(scope=self.chief, code=code, now=now)

    def work(self, now: datetime = NOW, size: int | None = None, most: int = 200) -> None:
        """Take portions until nothing is left to do at this instant."""
        campaigns.begin_due(now=now)
        for _ in range(most):
            if not flow.run_portion(now=now, size=size):
                return
        raise AssertionError("there is always something left to do")

    def run(self, code: str = "spring", number: int = 1) -> Run:
        found = campaigns.get_campaign(brand_id=self.brand_id, code=code)
        return campaigns.get_run(campaign=found, number=number)

    def arms(self, code: str = "spring", number: int = 1) -> dict[UUID, tuple[str, str, str]]:
        """(arm, state, reason) by member."""
        run, found, cursor = self.run(code, number), {}, None
        while True:
            page = campaigns.members_of(run=run, cursor=cursor, limit=200)
            found |= {row[0]: row[1:4] for row in page.items}
            cursor = page.next_cursor
            if cursor is None:
                return found


def definition_of(**given: Any) -> dict[str, Any]:
    """Five points to everybody, nobody held out, to be changed by `given`."""
    return {
        "audience": {"everybody": True},
        "variants": [variant("a")],
        "holdout_percent": 0,
        **given,
    }


def variant(key: str, **given: Any) -> dict[str, Any]:
    if not given:
        given = {"rewards": [{"kind": "points", "unit": "points", "amount": 5}]}
    return {"key": key, "name": {"zh": key, "en": key}, **given}


def message(template: str = "hello", **given: Any) -> dict[str, Any]:
    return {"message": {"template": template, "purpose": "service", **given}}


def open_shop() -> Shop:
    return Shop(world(programme([rule("base", points())])))


def code_of(call: Any) -> str:
    """The code of the refusal that a call ends in."""
    try:
        call()
    except Refusal as refusal:
        return refusal.code
    return "done"


def fields_of(call: Any) -> set[tuple[str, str]]:
    """(field, code) of everything an input was refused for."""
    try:
        call()
    except Refusal as refusal:
        return {(one.field, one.code) for one in refusal.errors}
    return set()
