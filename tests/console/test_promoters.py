"""A promoter's two notes: tax information that goes with her statements, and internal notes that stay with staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.console.world import enrol_members

from regulars.engage.referrals import api as referrals
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor
from regulars.platform.outbox.models import OutboxRow

TAX, INTERNAL = "withheld at source", "argues about every fen"
LEVELS = [{"code": "gold", "name": {"zh": "金牌", "en": "Gold"}, "percent": "5"}]


def sheet(who: Any, month: str) -> str:
    answer = who.client.get(
        f"/api/console/commission-statements/export?format=csv&month={month}",
        headers={"X-Regulars-Brand": who.brand, "Accept-Language": "en"},
    )
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_internal_notes_stay_with_staff(shop: Any, desk: Any) -> None:
    enrol_members(shop, 1)
    owner = desk("owner")
    code = shop.code_of(shop.members[0])
    owner.put("/referrals/settings", {"definition": {"commission": {"enabled": True, "levels": LEVELS}}})
    put = owner.put(
        f"/promoters/{code}", {"level": "gold", "tax_note": f" {TAX} ", "staff_note": f"{INTERNAL}\n"}
    )
    assert (put["tax_note"], put["staff_note"]) == (TAX, INTERNAL)
    # who changes her level alone leaves both; each is changed and emptied by itself
    paused = owner.put(f"/promoters/{code}", {"level": "gold", "state": "paused"})
    assert (paused["tax_note"], paused["staff_note"]) == (TAX, INTERNAL)
    emptied = owner.put(f"/promoters/{code}", {"level": "gold", "tax_note": ""})
    assert (emptied["tax_note"], emptied["staff_note"]) == ("", INTERNAL)
    owner.put(f"/promoters/{code}", {"level": "gold", "tax_note": TAX})

    before = shop.now.replace(day=1) - timedelta(days=5)
    month = before.strftime("%Y-%m")
    referrals.adjust_commission(
        scope=shop.scope, member_id=shop.members[0], amount=900, note="spring", now=before
    )
    referrals.draft_statements(
        scope=replace(shop.scope, actor=Actor("staff", shop.scope.actor.id, "second")),
        brand=organisations.get_brand(brand_id=shop.scope.brand_id),
        month=month,
        now=shop.now,
    )
    statement = owner.get(f"/commission-statements/{month}/{code}")
    assert statement["statement"]["tax_note"] == TAX
    exported = sheet(owner, month)
    assert TAX in exported and "Tax information" in exported
    told = [*OutboxRow.objects.values_list("payload", flat=True), owner.get("/audit")["items"]]
    for seen in (statement, exported, told):
        assert INTERNAL not in str(seen)
    # the log says which note was written, each time
    taken = owner.get("/audit?action=commission.promoter")["items"]
    assert [one["after"]["notes_changed"] for one in reversed(taken)] == [
        ["tax_note", "staff_note"], [], ["tax_note"], ["tax_note"],
    ]  # fmt: skip
    # nothing that the member's own pages are given has such a field
    assert "staff_note" not in Path("web/portal/openapi.json").read_text()
