"""Plans and payments as operators meet them: edit, sell, see, give back; the accounts and their secrets."""

from __future__ import annotations

from tests.console.world import enrol_members

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.platform.payments.tasks import call_back

PRIME = {
    "name": {"zh": "尊享会员", "en": "Prime"},
    "prices": {"month": 3000, "year": 30000},
    "trial_days": 7,
    "benefits": [
        {
            "key": "coffee",
            "name": {"zh": "咖啡", "en": "Coffee"},
            "kind": "product",
            "quota": 1,
            "period": "week",
        }
    ],
    "pause": {"max_days": 20, "times": 2},
    "transferable": True,
}
SIM = {"provider": "simulator", "name": {"zh": "模拟", "en": "Simulated"}, "settings": {"outcome": "paid"}}


def code_of(owner, n: int) -> str:
    return owner.get("/members?limit=20")["items"][n]["code"]


def open_plan(owner):
    owner.put("/payment-accounts/sim", SIM)
    owner.put("/plans/prime", {"definition": {**PRIME, "state": "active"}})


def test_a_plan_is_edited_put_on_sale_and_refused_by_field(desk):
    owner = desk("owner")
    made = owner.put("/plans/prime", {"definition": PRIME})
    assert (made["plan"]["state"], made["plan"]["name"], made["subscribers"]) == ("draft", "Prime", 0)
    assert [(p["period"], p["shown"], p["per_month"]) for p in made["plan"]["prices"]] == [
        ("month", "¥30.00", 3000),
        ("year", "¥300.00", 2500),
    ]
    assert made["plan"]["benefits"][0]["quota"] == "1 a week"
    wrong = owner.put("/plans/prime", {"definition": {**PRIME, "prices": {"week": 1}}}, expect=422)
    assert wrong["errors"][0]["field"] == "prices.week"
    assert owner.post("/plans/prime/state", {"state": "active"})["plan"]["state_name"] == "On sale"
    choices = owner.get("/plans/choices")
    assert "birthday-pack" in {one["value"] for one in choices["benefits"]}
    assert [p["value"] for p in choices["providers"]][:3] == ["simulator", "wechat", "alipay"]
    assert owner.get("/audit?action=plan.")["items"][0]["action"] == "plan.state"
    desk("clerk").put("/plans/prime", {"definition": PRIME}, expect=403)


def test_a_member_gets_a_plan_and_everything_shows(desk, shop):
    enrol_members(shop, 2)
    owner = desk("owner")
    open_plan(owner)
    code = code_of(owner, 0)
    path = f"/members/{code}/plan"
    clerk = desk("clerk")
    made = clerk.post(path, {"plan": "prime", "period": "month", "key": "press-01"}, expect=201)
    assert made["payment"]["state"] == "pending"
    assert clerk.get(path)["payment"]["id"] == made["payment"]["id"]
    paying.settle_due(clock.now())
    call_back(clock.now())
    checked = owner.post(f"/payments/{made['payment']['id']}/check")
    assert (checked["code"], checked["payment"]["state_name"]) == (code, "Paid")
    page = owner.get(path)
    assert page["subscription"]["state_name"] == "Active"
    assert set(page["subscription"]["may"]) == {"cancel_renewal", "pause", "change", "transfer", "refund"}
    assert [(one["kind_name"], one["paid_shown"]) for one in page["receipts"]] == [("Bought", "¥30.00")]
    assert [one["kind"] for one in page["acts"]] == ["bought", "buy"]
    (line,) = owner.get("/subscribers?plan=prime&state=active")["items"]
    assert line["code"] == code
    (card,) = owner.get("/plans")
    assert (card["subscribers"], card["worth_shown"]) == (1, "¥30.00")
    quote = owner.get(f"{path}/change?plan=prime&period=year")
    assert (quote["due"], quote["at_once"]) == (27000, True)
    assert quote["sentence"] == "Pay ¥270.00 now; it holds at once"
    assert (
        owner.post(f"{path}/renewal", {"on": False, "key": "press-02"})["subscription"]["auto_renew"] is False
    )
    assert owner.post(f"{path}/pause", {"key": "press-03"})["subscription"]["state"] == "paused"
    assert owner.post(f"{path}/resume", {"key": "press-04"})["subscription"]["state"] == "active"
    back = owner.get(f"{path}/refund")
    assert back["refund"] == owner.post(f"{path}/refund", {"reason": "moved", "key": "press-05"})["refund"]
    assert owner.get(path)["subscription"] is None
    assert owner.get(path)["past"][0]["end_reason"] == "Given back"
    actions = {one["action"] for one in owner.get("/audit?action=subscription.")["items"]}
    assert actions == {
        "subscription.renewal_off", "subscription.pause", "subscription.resume", "subscription.refund",
    }  # fmt: skip


def test_a_plan_is_tried_and_handed_on(desk, shop):
    enrol_members(shop, 2)
    owner = desk("owner")
    open_plan(owner)
    one, other = code_of(owner, 0), code_of(owner, 1)
    trial = owner.post(f"/members/{one}/plan/trial", {"plan": "prime", "key": "press-01"}, expect=201)
    assert trial["subscription"]["state_name"] == "Trial"
    owner.post(f"/members/{one}/plan", {"plan": "prime", "period": "month", "key": "press-02"}, expect=201)
    paying.settle_due(clock.now())
    waiting = owner.get(f"/members/{one}/plan")["payment"]
    if waiting:
        owner.post(f"/payments/{waiting['id']}/check")
    owner.post(f"/members/{one}/plan/transfer", {"to": other, "key": "press-03"})
    assert owner.get(f"/members/{other}/plan")["subscription"]["state"] == "active"
    assert owner.get(f"/members/{one}/plan/refund", expect=404)["code"] == "not_found"


def test_accounts_show_no_secret(desk):
    owner = desk("owner")
    given = {**SIM, "settings": {"key": "very-secret-key-0123456789"}}
    made = owner.put("/payment-accounts/sim", given)
    assert (made["secrets_set"], made["is_default"]) == (["key"], True)
    assert made["notice_url"].startswith("http://127.0.0.1:8000/pay/notice/simulator/")
    assert "very-secret" not in str(owner.get("/payment-accounts"))
    assert "very-secret" not in str(owner.get("/audit?action=payment_account."))
    assert owner.post("/payment-accounts/sim/check")["works"] is True
    wrong = owner.put("/payment-accounts/wx", {**SIM, "provider": "wechat", "settings": {}}, expect=422)
    assert "settings.mchid" in {one["field"] for one in wrong["errors"]}
    names = {one["code"]: one["name"] for one in owner.get("/payment-providers")}
    assert names["alipay"] == "Alipay"
    for role in ("operator", "clerk", "auditor"):
        desk(role).get("/payment-accounts", expect=403)


def test_a_payment_is_seen_with_its_callbacks_and_paid_back(desk, shop):
    enrol_members(shop, 2)
    owner = desk("owner")
    open_plan(owner)
    made = plan_flow.buy(
        scope=shop.scope, member_id=shop.members[0], plan="prime", period="month", key="k", now=clock.now()
    )
    assert made.payment is not None
    owner.post(f"/payments/{made.payment.id}/check")
    (line,) = owner.get("/payments?state=paid&provider=simulator")["items"]
    assert line["payment"]["shown"] == "¥30.00"
    after = owner.post(
        f"/payments/{made.payment.id}/refunds", {"amount": 1000, "reason": "goodwill", "key": "press-01"}
    )
    assert (after["payment"]["state_name"], after["payment"]["left"]) == ("Partly refunded", 2000)
    assert after["payment"]["refunds"][0]["shown"] == "¥10.00"
    assert owner.get("/audit?action=payment.")["items"][0]["after"]["amount"] == 1000
    desk("clerk").post(
        f"/payments/{made.payment.id}/refunds", {"amount": 1, "reason": "x", "key": "press-02"}, expect=403
    )
    assert owner.get("/payments/none", expect=404)["code"] == "not_found"
