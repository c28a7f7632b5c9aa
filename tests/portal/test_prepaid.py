"""Her prepaid wallet in the portal."""

from __future__ import annotations

from datetime import timedelta

from tests.portal.test_pages import at
from tests.portal.world import PHONE, freeze

from regulars.facts.members import api as members
from regulars.flows.prepaid import api as flows
from regulars.kit.text import Text
from regulars.value.prepaid import api as prepaid


def test_she_binds_a_card_gives_points_and_exchanges_stamps(brand, signed_in):
    with freeze(at(3, 10)) as clock:
        scope, now = brand.scope, clock.instant
        for kind, key, definition in (
            ("settings", "settings", {"transfer": {"enabled": True, "per_day": 60}}),
            ("ladder", "spring", {"name": {"zh": "春", "en": "Spring"}, "rungs": [
                {"pay": 10_000, "bonus": 500, "grants": [{"unit": "stamps", "amount": 5}]}]}),
            ("package", "spa", {"name": {"zh": "水疗", "en": "Spa"}, "sessions": 5, "price": 500, "days": 10,
                                "transferable": True}),
            ("stamp_card", "drink", {"name": {"zh": "饮", "en": "Drink"}, "stamps": 5,
                                     "reward": {"unit": "points", "amount": 30}}),
        ):  # fmt: skip
            prepaid.put_definition(
                scope=scope, kind=kind, key=key, state="active", definition=definition, now=now
            )
        her, him = brand.enrol(), brand.enrol("13800138001")
        his_code = members.names_of(scope=scope, member_ids=[him])[him][0]
        brand.order(her, "A1", 10_000, at=now - timedelta(days=1))
        flows.top_up(
            scope=scope, member_id=her, ladder="spring", amount=10_000, method="card", key="t", now=now
        )
        flows.buy_package(scope=scope, member_id=her, package="spa", method="card", key="p", now=now)
        flows.create_batch(scope=scope, code="gift", name=Text("礼", "Gift"), face=5_000, count=1, now=now)
        (card,) = flows.hand_out(scope=scope, code="gift", now=now)[1]
        flows.sell_cards(scope=scope, numbers=[card.number], method="card", key="s", now=now)
        page = signed_in(PHONE)

        def post(path, expect=201, **body):
            answer = page.call("POST", path, body)
            assert answer.status_code == expect, answer.content.decode()
            return answer.json()

        wallet = page.get("prepaid")
        assert {u["unit"]: u["available"] for u in wallet["units"] if u["money"]} == {
            "principal": 10_000,
            "bonus": 500,
        }
        assert wallet["ladders"][0]["rungs"] == [{"pay": 10_000, "bonus": 500, "also": ["+5 stamps"]}]
        assert (wallet["packages"][0]["left"], wallet["packages"][0]["last_day"]) == (5, "2025-03-20")
        assert wallet["stamp_cards"][0]["full"]
        wrong = post("gift-cards", 404, number=card.number, pin="AAAA2222", key="claim-000")
        assert wrong["code"] == "card_unknown"
        wallet = post("gift-cards", number=card.number, pin=card.pin, key="claim-001")
        assert (wallet["cards"][0]["left"], wallet["cards"][0]["name"]) == (5_000, "Gift")
        wallet = post("stamp-cards/drink", key="stamps-001")
        assert not wallet["stamp_cards"][0]["full"]
        wallet = post("transfers", to=his_code, unit="points", amount=50, message="hi", key="give-0001")
        assert wallet["giving"] == {"enabled": True, "least": 1, "left_today": {"points": 10}}
        assert wallet["transfers"][0]["message"] == "hi"
        assert (
            post("transfers", 409, to=his_code, unit="points", amount=11, key="give-0002")["code"]
            == "transfer_limit"
        )
        assert post("transfers", 404, to="NOBODY", unit="points", amount=1, key="give-0003")
        wallet = post(f"gift-cards/{wallet['cards'][0]['id']}/give", 200, to=his_code, key="give-0004")
        assert wallet["cards"] == []
        wallet = post(f"packages/{wallet['packages'][0]['id']}/transfer", 200, to=his_code, key="give-0005")
        assert wallet["packages"][0]["state"] == "transferred"
        assert prepaid.list_packages(brand_id=scope.brand_id, member_id=him).items[0].expires_at is not None
        printed = page.call("GET", "evidence")
        assert printed.status_code == 200 and printed.content.startswith(b"%PDF-")
        history = page.get("history")
        assert len(history["items"]) > 3


def test_a_household_by_its_members(brand, signed_in):
    with freeze(at(3, 10)) as clock:
        scope, now = brand.scope, clock.instant
        prepaid.put_definition(
            scope=scope, kind="settings", key="settings", state="active",
            definition={"household": {"enabled": True}}, now=now,
        )  # fmt: skip
        head, her = brand.enrol(), brand.enrol("13800138001", name="Bo")
        code = members.names_of(scope=scope, member_ids=[her])[her][0]
        brand.order(head, "A1", 10_000, at=now - timedelta(days=1))
        page = signed_in(PHONE)
        assert page.get("household")["head"] is None
        answer = page.call("POST", "household/members", {"code": code})
        assert answer.status_code == 200, answer.content.decode()
        assert (answer.json()["heads"], [m["code"] for m in answer.json()["members"]]) == (True, [code])
        flows.draw(scope=scope, member_id=her, unit="points", amount=50, key="d", now=now)
        assert (
            page.call(
                "POST", "household/draws", {"unit": "points", "amount": 1, "key": "draw-001"}
            ).status_code
            == 404
        )
        assert page.call("DELETE", f"household/members/{code}").json()["members"] == []
        assert page.call("DELETE", "household").status_code == 404
