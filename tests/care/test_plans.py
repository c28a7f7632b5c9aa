"""Every kind of plan at work: whose turn it is, what she gets, and that she gets it once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.care.given import JANUARY, House, at, chore, open_house, said
from tests.intake.world import SCHEME, points, programme, rule, world

from regulars.engage.care import api as care
from regulars.engage.care.models import CareItem, CareMark, CarePlan
from regulars.engage.tasks import api as tasks
from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef
from regulars.facts.members import api as members
from regulars.flows import profiling as flow_profiling
from regulars.flows.care import api as flow
from regulars.kit import wording
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging.models import Send
from regulars.platform.organisations.types import Actor, Scope
from regulars.value.gifts import api as gifts

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MILL = LineIn(sku="mill-9", amount=300_000, category="fitness", name="Treadmill")
BEANS = LineIn(sku="beans", amount=6000, category="coffee", name="Beans")


@pytest.fixture
def house() -> House:
    return open_house()


def test_welcome_by_channel_within_half_a_minute(house: House) -> None:
    points = [{"kind": "points", "unit": "points", "amount": 50}]
    plan = house.plan("welcome", JANUARY, settings={"channels": ["wechat"]}, rewards=points, message=said())
    before = house.member(joined=JANUARY - DAY, channel="wechat")
    now = JANUARY + timedelta(hours=1)
    hers = house.member(joined=now, channel="wechat")
    house.member(joined=now, channel="store")
    late = house.member(joined=JANUARY - 400 * DAY, channel="wechat")  # from a file
    for second in (0, 10, 40, 80):
        house.run(now + timedelta(seconds=second))
    assert [member for _, member in house.had()] == [hers]
    assert house.its.balance(hers)[0] == 50 and house.its.balance(before)[0] == 0
    assert house.its.balance(late)[0] == 0
    (gift,) = gifts.list_gifts(brand_id=house.brand.id, member_id=hers)
    assert (gift.source, gift.state) == ("care:welcome", "given")
    assert CareMark.objects.get(plan_id=plan.id).cost > 0
    house.its.clean()


def test_thanks_at_the_highest_milestone_and_none_for_what_was_before(house: House) -> None:
    old, new, much = house.member(), house.member(), house.member()
    for number in range(12):
        house.buy(old, JANUARY + number * timedelta(hours=1))
    house.plan("milestone", at("2024-01-02"), settings={"orders": [2, 10], "spend": [100_000]})
    house.run(at("2024-01-02"))
    house.buy(old, at("2024-01-03", 1))
    for number in range(2):
        house.buy(new, at("2024-01-03", 1 - number))
    house.buy(much, at("2024-01-03", 1), LineIn(sku="ring", amount=150_000))
    house.days("2024-01-03", "2024-01-06")
    found = {(row.member_id, row.occasion) for row in CareMark.objects.filter(arm="treated")}
    assert found == {(new, "orders:2"), (much, "spend:100000")}
    for number in range(8):
        house.buy(new, at("2024-01-07", number))
    house.days("2024-01-08", "2024-01-09")
    assert (new, "orders:10") in {(r.member_id, r.occasion) for r in CareMark.objects.filter(arm="treated")}
    assert len(house.had()) == 3


def test_service_of_what_was_bought_until_it_is_brought_back_or_resold(real_db: None) -> None:
    """Bought on 15 January, every six months, a week before: 8 July, 8 January, 8 July."""
    house = open_house()
    keeps, returns, sells, other = (house.member() for _ in range(4))
    for her in (keeps, returns, sells):
        house.buy(her, at("2024-01-15"), MILL, number=f"m-{her}")
    house.buy(other, at("2024-01-15"), BEANS)
    plan = house.plan(
        "service",
        at("2024-01-20"),
        settings={"skus": ["mill-9"], "every_months": 6, "days_before": 7},
        message=said(),
        task=chore(kind="service", title={"zh": "保养 {{ item }}", "en": "Service the {{ item }}"}),
    )
    house.days("2024-01-20", "2024-01-21")
    assert [day for _, day, _ in house.items()] == ["2024-07-08"] * 3
    house.days("2024-07-07", "2024-07-09")
    assert house.had_days() == ["2024-07-08"] * 3
    assert house.tasks()[0].title_en == "Service the Treadmill"
    house.bring_back(returns, at("2024-08-01"), f"m-{returns}")
    house.run(at("2024-08-01"))
    (item,) = care.items_of(brand_id=house.brand.id, member_id=sells)
    care.end_item(scope=house.scope, key=plan.key, member_id=sells, thing=item.thing, now=at("2024-08-01"))
    house.buy(sells, at("2024-08-02"), BEANS)
    house.days("2024-08-02", "2024-08-03")
    assert sorted(why for _, _, why in house.items()) == ["", "resold", "returned"]
    house.days("2025-01-07", "2025-01-09")
    house.days("2025-07-07", "2025-07-09")
    assert house.had()[3:] == [(at("2025-01-08").date(), keeps), (at("2025-07-08").date(), keeps)]


def test_a_part_of_a_line_brought_back_leaves_the_rest(real_db: None) -> None:
    house = open_house()
    her = house.member()
    two = LineIn(sku="mill-9", amount=600_000, quantity=Decimal(2), category="fitness", name="Treadmill")
    house.buy(her, at("2024-01-15"), two, BEANS, number="o")
    house.plan("service", at("2024-01-20"), settings={"skus": ["mill-9"], "every_days": 30})
    house.bring_back(her, at("2024-01-21"), "o", [(1, Decimal(1))])
    house.run(at("2024-01-21"))
    assert house.items() == [("Treadmill", "2024-02-14", "")]
    house.bring_back(her, at("2024-01-22"), "o", [(1, None)])
    house.run(at("2024-01-22"))
    assert house.items() == [("Treadmill", None, "returned")]


def test_refill_by_her_own_rhythm_else_by_what_is_usual(real_db: None) -> None:
    """Bought on day 0, 20, 40: every 20 days; three days before: day 57. Others go by the median of all, or 30; so
    does who switched profiling off."""
    house = open_house()
    own = house.member()
    for days in (0, 20, 40):
        house.buy(own, JANUARY + days * DAY, BEANS)
    once = house.member()
    house.buy(once, JANUARY + 40 * DAY, BEANS)
    off = house.member()
    house.buy(off, JANUARY + 40 * DAY, BEANS)
    members.set_profiling(scope=house.scope, member_id=off, on=False, now=JANUARY + 40 * DAY)
    house.plan(
        "refill",
        JANUARY + 41 * DAY,
        settings={"categories": ["coffee"], "fallback_days": 30, "days_before": 3},
    )
    for number in range(41, 75):
        house.run(JANUARY + number * DAY)
    assert house.had() == [
        ((JANUARY + 57 * DAY).date(), own),
        *(((JANUARY + 67 * DAY).date(), her) for her in sorted([once, off])),
    ]
    # she buys on: the next reminder counts from there
    house.buy(own, JANUARY + 75 * DAY, BEANS)
    for number in range(75, 94):
        house.run(JANUARY + number * DAY)
    assert house.had()[3:] == [((JANUARY + 92 * DAY).date(), own)]


def test_several_things_are_listed_as_either_language_does(house: House) -> None:
    house.hire("ann")
    her = house.member(store_id=house.store())
    drip = LineIn(sku="drip", amount=3000, category="coffee", name="Drip")
    house.buy(her, JANUARY, BEANS, drip)
    house.plan(
        "refill", JANUARY + DAY, settings={"categories": ["coffee"], "fallback_days": 30, "days_before": 0},
        message=said(), task=chore(title={"zh": "补货：{{ item }}", "en": "More of {{ item }}"}),
    )  # fmt: skip
    for number in range(28, 33):
        house.run(JANUARY + number * DAY)
    (asked,), (task,) = house.asked(), house.tasks()
    assert asked.input["item"] in (
        {"zh": "Beans、Drip", "en": "Beans, Drip"}, {"zh": "Drip、Beans", "en": "Drip, Beans"},
    )  # fmt: skip
    assert task.title_zh == f"补货：{asked.input['item']['zh']}"
    assert task.title_en == f"More of {asked.input['item']['en']}"


def test_without_profiling_a_refill_goes_by_what_is_stated_for_the_goods(real_db: None) -> None:
    """She buys every 10 days and says no to profiling: the operator says that coffee lasts 21 days, and these beans 28.
    Her own rhythm is neither read nor kept, whether she said no before it was known or after."""
    house = open_house()
    before, after, back = house.member(), house.member(), house.member()
    for her in (before, after, back):
        for days in (0, 10, 20):
            house.buy(her, JANUARY + days * DAY, BEANS)
    house.buy(after, JANUARY + 20 * DAY, LineIn(sku="drip", amount=3000, category="coffee", name="Drip"))
    flow_profiling.switch(scope=house.scope, member_id=before, on=False, now=JANUARY + 20 * DAY)
    stated = [{"code": "coffee", "days": 21}, {"code": "beans", "days": 28}]
    house.plan(
        "refill",
        JANUARY + 21 * DAY,
        settings={"categories": ["coffee"], "days_before": 0, "fallback_days": 90, "stated": stated},
    )
    house.run(JANUARY + 21 * DAY)
    rhythms = dict(CareItem.objects.filter(thing="beans").values_list("member_id", "interval_days"))
    assert rhythms == {before: None, after: 10, back: 10}
    # at once, by the switch; and where the switch went another way, when her turn comes
    flow_profiling.switch(scope=house.scope, member_id=after, on=False, now=JANUARY + 25 * DAY)
    assert CareItem.objects.get(thing="beans", member_id=after).interval_days is None
    members.set_profiling(scope=house.scope, member_id=back, on=False, now=JANUARY + 25 * DAY)
    for number in range(25, 60):
        house.run(JANUARY + number * DAY)
    assert not CareItem.objects.exclude(interval_days=None).exists()
    days = {(day - JANUARY.date()).days for day, _ in house.had()}
    assert days == {41, 48}
    assert sorted(her for day, her in house.had() if (day - JANUARY.date()).days == 48) == sorted(
        [before, after, back]
    )


def test_refill_by_what_is_usual_for_the_thing(house: House) -> None:
    """Five members buy every ten days: it is usual; who bought once is reminded after ten days, not after sixty."""
    for _ in range(5):
        her = house.member()
        for days in (0, 10, 20):
            house.buy(her, JANUARY + days * DAY, BEANS)
    once = house.member()
    house.buy(once, JANUARY + 20 * DAY, BEANS)
    house.plan("refill", JANUARY + 21 * DAY, settings={"skus": ["beans"], "days_before": 0})
    for number in range(21, 32):
        house.run(JANUARY + number * DAY)
    assert {member for _, member in house.had()} >= {once}
    assert set(house.had_days()) == {str((JANUARY + 30 * DAY).date())}


def test_visits_within_what_staff_can_do(house: House) -> None:
    """Nine owed, two of the staff in the first store with two a day over two work days: eight; the ninth waits."""
    ann, bob = house.hire("ann"), house.hire("bob")
    ids = [house.member(store_id=house.store()) for _ in range(9)]
    for her in ids:
        house.buy(her, JANUARY)
    plan = house.plan(
        "visit",
        at("2024-01-08"),  # a Monday
        settings={"every_weeks": 8, "least_orders": 1},
        task=chore(per_day=2, spread_days=2, script={"zh": "{{ orders }} 单", "en": "{{ orders }} orders"}),
    )
    house.run(at("2024-01-08"))
    assert [(t.due_on.day, t.assignee) for t in house.tasks()].count((8, ann)) == 2
    assert {(t.due_on.day, t.assignee) for t in house.tasks()} == {(8, ann), (8, bob), (9, ann), (9, bob)}
    assert len(house.tasks()) == 8 and house.tasks()[0].script_en == "1 orders"
    house.run(at("2024-01-09"))
    assert len(house.tasks()) == 9, "the day that comes into reach has room"
    house.days("2024-01-10", "2024-02-20")
    assert len(house.tasks()) == 9
    house.days("2024-03-03", "2024-03-06")
    assert len(house.tasks()) == 18, "eight weeks later all again"
    assert {one.source for one in house.tasks()} == {plan.source}


def test_days_in_a_task_are_written_as_either_language_writes_them(house: House) -> None:
    house.hire("ann")
    house.buy(house.member(store_id=house.store()), JANUARY)
    house.plan(
        "visit",
        at("2024-01-08"),
        settings={"every_weeks": 8, "least_orders": 1},
        task=chore(
            title={"zh": "上次：{{ last_order_on }}", "en": "Last: {{ last_order_on }}"},
            script={
                "zh": "{{ last_order_on }} 之后{{ bought_on }}",
                "en": "Since {{ last_order_on }}{{ bought_on }}",
            },
        ),
    )
    house.run(at("2024-01-08"))
    (task,) = house.tasks()
    zh, en = (wording.day(JANUARY.date(), one) for one in ("zh", "en"))
    assert (task.title_zh, task.title_en) == (f"上次：{zh}", f"Last: {en}")
    assert (task.script_zh, task.script_en) == (f"{zh} 之后", f"Since {en}")


def test_a_script_names_the_day_of_the_brand_on_which_she_bought(house: House) -> None:
    """She bought on 3 January at two in the morning in Shanghai, when it was the 2nd still in Greenwich."""
    house.hire("ann")
    her = house.member(store_id=house.store())
    house.buy(her, datetime.fromisoformat("2024-01-03T02:00:00+08:00"))
    house.scores([her], churn_60=["0.9"])
    last = chore(title={"zh": "上次：{{ last_order_on }}", "en": "Last: {{ last_order_on }}"})
    house.plan("visit", at("2024-01-08"), settings={"every_weeks": 8, "least_orders": 1}, task=last)
    house.plan(
        "churn",
        at("2024-01-08"),
        settings={"score": "churn_60", "from_percent": 80, "to_percent": 100},
        task=last,
    )
    house.run(at("2024-01-09"))
    english = f"Last: {wording.day(date(2024, 1, 3), 'en')}"
    assert [task.title_en for task in house.tasks()] == [english, english]


def test_a_script_calls_a_tier_by_its_name() -> None:
    tiers = [{"code": "normal", "name": {"zh": "普通会员", "en": "Member"}}, *SCHEME["tiers"][1:]]
    its = world(programme([rule("base", points())], schemes=[{**SCHEME, "tiers": tiers}]), slug="named")
    house = House(its)
    house.hire("ann")
    house.buy(house.member(store_id=house.store()), JANUARY)
    script = {"zh": "我是您的{{ tier }}专属顾问", "en": "You are a {{ tier }}"}
    house.plan(
        "visit",
        at("2024-01-08"),
        settings={"every_weeks": 8, "least_orders": 1},
        task=chore(script=script),
    )
    house.run(at("2024-01-08"))
    (task,) = house.tasks()
    assert (task.script_zh, task.script_en) == ("我是您的普通会员专属顾问", "You are a Member")


def test_a_visit_goes_to_her_own_person_and_never_to_who_declined(house: House) -> None:
    ann, bob = house.hire("ann"), house.hire("bob")
    hers, recruited, declines = (house.member(store_id=house.store(), recruiter=r) for r in ("", "bob", ""))
    for her in (hers, recruited, declines):
        house.buy(her, JANUARY)
    house.plan("visit", at("2024-01-08"), settings={"every_weeks": 4, "least_orders": 1}, task=chore())
    house.run(at("2024-01-08"))
    first = {one.member_id: one for one in house.tasks()}
    assert first[recruited].assignee == bob

    def ends(member: Any, outcome: str, who: Any) -> None:
        scope = Scope(
            house.scope.organisation_id, house.brand.id, Actor("staff", who, "x"), house.scope.permissions
        )
        tasks.finish(scope=scope, task_id=first[member].id, outcome=outcome, now=at("2024-01-08", 5))

    ends(hers, "reached", ann)
    ends(recruited, "reached", ann)
    ends(declines, "do_not_contact", bob)
    house.days("2024-02-04", "2024-02-06")
    second = {one.member_id: one.assignee for one in house.tasks() if one.due_on.month == 2}
    assert second == {hers: ann, recruited: ann}


def test_who_wants_no_more_contact_is_called_by_no_plan_and_gets_its_message_still(house: House) -> None:
    ann = house.hire("ann")
    talks, declines = house.member(store_id=house.store()), house.member(store_id=house.store())
    for her in (talks, declines):
        house.buy(her, JANUARY)
    house.plan("visit", at("2024-01-08"), settings={"every_weeks": 52, "least_orders": 1}, task=chore())
    house.run(at("2024-01-08"))
    scope = Scope(
        house.scope.organisation_id, house.brand.id, Actor("staff", ann, "x"), house.scope.permissions
    )
    for one in house.tasks():
        outcome = "do_not_contact" if one.member_id == declines else "reached"
        tasks.finish(scope=scope, task_id=one.id, outcome=outcome, now=at("2024-01-08", 5))
    days = {"days": [60]}
    house.plan("dormant", at("2024-03-01"), key="both", settings=days, message=said(), task=chore())
    house.plan("dormant", at("2024-03-01"), key="call", settings=days, task=chore())
    house.days("2024-03-01", "2024-03-02")
    assert {one.member_id for one in house.asked()} == {talks, declines}
    later = [(one.source, one.member_id) for one in house.tasks() if one.due_on.month == 3]
    assert sorted(later) == [("care:both", talks), ("care:call", talks)]
    assert {her for _, her in house.had("both")} == {talks, declines}
    assert {her for _, her in house.had("call")} == {talks}


def test_visits_by_stage_and_value(house: House) -> None:
    house.hire("ann")
    gold, usual, off = (house.member(store_id=house.store()) for _ in range(3))
    for her in (gold, usual, off):
        house.buy(her, JANUARY)
    house.scores([gold, usual], stage=["mature", "new"], value_12=[900_000, 1000])
    cadences = [{"stages": ["mature"], "value_from": 500_000, "weeks": 2}]
    house.plan("visit", at("2024-01-08"), settings={"cadences": cadences, "least_orders": 1}, task=chore())
    house.days("2024-01-08", "2024-01-23")
    assert [member for _, member in house.had()] == [gold, gold], "who has no line of her own is not visited"


def test_dormant_after_so_many_days_and_not_again_for_the_same_pause(house: House) -> None:
    her, long = house.member(), house.member()
    house.buy(her, at("2024-03-01"))
    house.buy(long, JANUARY)
    house.plan("dormant", at("2024-03-20"), settings={"days": [60, 90]}, message=said())
    house.days("2024-03-20", "2024-06-15")
    assert house.had() == [
        (at("2024-03-31").date(), long),
        (at("2024-04-30").date(), her),
        (at("2024-05-30").date(), her),
    ]
    house.buy(her, at("2024-06-15"))
    house.days("2024-08-12", "2024-08-15")
    assert house.had_days()[-1] == "2024-08-14"


def viewed(house: House, her: Any, when: Any, key: str) -> None:
    act = ActivityIn(
        type="product_view", member=MemberRef(id=her), occurred_at=when, key=key, data={"sku": "x"}
    )
    house.its.one(act)


def test_viewed_and_not_bought_within_a_day(house: House) -> None:
    activities.declare_type(
        brand_id=house.brand.id,
        code="product_view",
        name=Text("浏览", "View"),
        fields=[{"key": "sku", "type": "text", "label": {"zh": "商品", "en": "SKU"}}],
        reserved=frozenset(),
    )
    house.plan("behaviour", at("2024-03-01"), settings={"activity": "product_view", "hours": 24})
    looks, buys, twice = (house.member() for _ in range(3))
    for her in (looks, buys, twice):
        viewed(house, her, at("2024-03-02", 3), f"v-{her}")
    house.buy(buys, at("2024-03-02", 9))
    viewed(house, twice, at("2024-03-03", 1), "again")
    now = at("2024-03-02", 3)
    seen = []
    while now < at("2024-03-05", 0):
        before = len(house.had())
        house.run(now)
        seen += [now] * (len(house.had()) - before)
        now += timedelta(minutes=20)
    assert {member for _, member in house.had()} == {looks, twice}
    assert all(at("2024-03-03", 3) <= moment <= at("2024-03-03", 4) for moment in seen), (
        "a day later, once in a week"
    )


def test_churn_light_and_heavy_by_score_with_a_pause_between(house: House) -> None:
    house.hire("ann")
    some, most, off = (house.member(store_id=house.store()) for _ in range(3))
    house.scores([some, most, off], churn_60=["0.45", "0.85", "0.9"])
    members.set_profiling(scope=house.scope, member_id=off, on=False, now=JANUARY)
    light = {"level": "light", "from_percent": 40, "to_percent": 70, "cooldown_days": 30}
    heavy = {"level": "heavy", "from_percent": 70, "cooldown_days": 30}
    house.plan("churn", JANUARY, key="light", settings=light)
    house.plan("churn", JANUARY, key="heavy", settings=heavy, task=chore(), message=said())
    house.days("2024-01-01", "2024-02-02")
    assert [m for _, m in house.had("light")] == [some, some]
    assert [m for _, m in house.had("heavy")] == [most, most], "who switched profiling off is left alone"
    assert {one.member_id for one in house.tasks()} == {most}


def test_only_whom_the_audience_holds(house: House) -> None:
    store = {"field": "membership.channel", "op": "eq", "value": "store"}
    hers = house.member(birthday="1990-03-01", channel="store")
    house.member(birthday="1990-03-01", channel="app")
    house.plan("birthday", JANUARY, audience=store)
    house.days("2024-03-01", "2024-03-02")
    assert [member for _, member in house.had()] == [hers]


def test_the_share_left_alone_gets_nothing_and_is_measured(house: House) -> None:
    """Half of 60 by a hash; everybody treated buys within 30 days, of the others nobody: they differ by everything."""
    ids = [house.member(birthday="1990-03-01") for _ in range(80)]
    house.plan("birthday", JANUARY, holdout_percent=50, win_back_days=30)
    house.run(at("2024-03-01"))
    treated = {member for _, member in house.had()}
    alone = {member for _, member in house.had(arm="holdout")}
    assert treated | alone == set(ids) and len(treated) >= 30 and len(alone) >= 30
    assert {one.member_id for one in Send.objects.all()} == treated
    for her in treated:
        house.buy(her, at("2024-03-10"))
    some = sorted(alone)[0]
    house.buy(some, at("2024-04-20"))  # after the window
    for day in ("2024-03-02", "2024-03-11", "2024-04-01", "2024-04-21"):
        while flow.measure(at(day)):
            pass
    flow.weigh(at("2024-04-21"))
    plan = care.get_plan(brand_id=house.brand.id, key="birthday")
    found = plan.results["win_back"]
    assert found["verdict"] == "better"
    assert (found["treated"], found["control"], found["difference"]) == (1.0, 0.0, 1.0)
    arms = plan.results["arms"]
    assert (arms["treated"]["bought"], arms["holdout"]["bought"]) == (len(treated), 0)
    assert arms["treated"]["spend"] == 5000 * len(treated)


def test_a_plan_is_checked_by_field(house: House) -> None:
    def wrong(**given: Any) -> list[str]:
        with pytest.raises(Refusal) as caught:
            house.plan(given.pop("kind", "birthday"), JANUARY, **given)
        return [error.field for error in caught.value.errors] or [caught.value.code]

    assert wrong(settings={"days_before": 90, "wen": 1}) == ["settings.wen", "settings.days_before"]
    assert wrong(message={"template": "nobody-knows"}) == ["message.template"]
    assert wrong(message={"template": "hello", "channels": ["pigeon"]}) == ["message.channels[0]"]
    assert wrong(message={"template": "hello", "purpose": "marketing"}) == ["message.purpose"]
    house.template("offer", "marketing")
    assert wrong(message={"template": "offer", "purpose": "service"}) == ["message.purpose"]
    assert wrong(rewards=[{"kind": "points", "unit": "stones", "amount": 1}]) == ["rewards[0].unit"]
    for odd in (5, True, {"kind": "points"}, "points"):
        assert wrong(rewards=odd)[0] == "rewards"
    assert wrong(audience={"field": "member.shoe", "op": "eq", "value": 1})[0].startswith("audience")
    assert wrong(holdout_percent=51) == ["holdout_percent"]
    assert wrong(at="25:00") == ["at"]
    assert wrong(kind="festival", settings={"festivals": ["nowruz"]}) == ["settings.festivals[0]"]
    assert wrong(kind="behaviour", settings={"activity": "dance"}) == ["settings.activity"]
    assert wrong(kind="behaviour", settings={"activity": "order"}) == ["settings.activity"]
    assert wrong(kind="service", settings={"skus": ["x"]}) == ["settings.every_months"]
    assert wrong(kind="service", settings={"every_days": 3}) == ["settings.categories"]
    assert wrong(kind="visit", settings={"every_weeks": 4}, message=said()) == ["task"]
    assert wrong(kind="churn", settings={"from_percent": 80, "to_percent": 50}) == ["settings.to_percent"]
    assert wrong(task=chore(script={"zh": "{{ phone }}", "en": ""})) == ["task.script"]
    assert wrong(budget="none") == ["budget"]
    assert care.list_plans(brand_id=house.brand.id) == []


def test_a_message_is_for_what_its_template_is_for(house: House) -> None:
    """Where the plan does not say; a plan of before that says otherwise is not stopped and can go on after a pause,
    what is sent by it is marketing; changing it, one is told."""
    house.template("offer", "marketing")
    for key, template in (("a", "hello"), ("b", "offer")):
        house.plan("birthday", JANUARY, key=key, message={"template": template})
    kept = {one.key: one.definition.message for one in care.list_plans(brand_id=house.brand.id)}
    assert {key: one and one.purpose for key, one in kept.items()} == {"a": "service", "b": "marketing"}
    row = CarePlan.objects.get(brand_id=house.brand.id, key="b")
    row.definition["message"]["purpose"] = "service"
    row.save()
    for state in ("paused", "active"):
        flow.set_state(scope=house.scope, key="b", state=state, now=JANUARY)
    her = house.member(birthday="1990-02-03")
    house.days("2024-02-02", "2024-02-03")
    assert set(Send.objects.filter(member_id=her).values_list("template", "purpose")) == {
        ("hello", "service"),
        ("offer", "marketing"),
    }
    with pytest.raises(Refusal) as caught:
        flow.put_plan(scope=house.scope, value=row.definition, now=JANUARY)
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("message.purpose", "not_the_template's")


def test_a_plan_is_not_started_with_a_template_that_nobody_approved(house: House) -> None:
    from regulars.messaging import api as messaging
    from regulars.messaging.wording import Content

    messaging.save_template(
        scope=house.scope, code="new", name=Text("新", "New"), purpose="service",
        contents={"inbox": {"zh": Content("a", "b"), "en": Content("a", "b")}}, now=JANUARY,
    )  # fmt: skip
    house.plan("birthday", JANUARY, start=False, message=said("new"))
    with pytest.raises(Refusal) as caught:
        flow.set_state(scope=house.scope, key="birthday", state="active", now=JANUARY)
    assert [error.field for error in caught.value.errors] == ["message.template"]
    assert care.get_plan(brand_id=house.brand.id, key="birthday").state == "draft"


def test_a_plan_that_cannot_go_on_says_so_and_the_others_do(house: House) -> None:
    """Its audience asks for a field that was taken away meanwhile."""
    house.member(birthday="1990-03-01")
    house.plan("birthday", JANUARY)
    house.plan("birthday", JANUARY, key="other")
    row = CarePlan.objects.get(key="birthday")
    row.definition["audience"] = {"field": "membership.attributes.gone", "op": "eq", "value": 1}
    row.save(force_update=True)
    for _ in range(10):
        flow.run_due(at("2024-03-01"))
    said = Text.of_kept(care.get_plan(brand_id=house.brand.id, key="birthday").problem)
    assert "gone" in said.zh and "gone" in said.en and said.zh != said.en
    assert house.had_days("other") == ["2024-03-01"] and house.had("birthday") == []


def test_states_and_what_is_fixed(house: House) -> None:
    def refused(call: Any) -> str:
        with pytest.raises(Refusal) as caught:
            call()
        return caught.value.code

    house.plan("birthday", JANUARY)
    move = lambda state: flow.set_state(scope=house.scope, key="birthday", state=state, now=JANUARY)  # noqa: E731
    assert move("active").state == "active"
    assert move("paused").next_run_at is None
    assert refused(lambda: move("draft")) == "wrong_state"
    her = house.member(birthday="1990-03-01")
    house.days("2024-02-28", "2024-03-02")
    assert house.had() == []
    assert move("active").state == "active"
    house.run(at("2024-03-02"))
    assert [member for _, member in house.had()] == [her], "within the grace"
    assert refused(lambda: house.plan("dormant", JANUARY, key="birthday")) == "plan_fixed"
    assert move("ended").state == "ended"
    assert refused(lambda: move("active")) == "wrong_state"
    assert refused(lambda: care.get_plan(brand_id=new_id(), key="birthday")) == "not_found"


def test_who_is_next(house: House) -> None:
    """From 10 March: a birthday on 15 March, another on 20 April is too far; refills by what was bought."""
    from regulars.engage.care.types import Definition

    def ahead(**given: Any) -> Any:
        plan = house.plan(now=at("2024-03-10"), start=False, **given)
        definition: Definition = plan.definition
        return flow.preview(scope=house.scope, definition=definition, now=at("2024-03-10"))

    her = house.member(joined=at("2023-03-20"), birthday="1990-03-15")
    house.member(joined=at("2023-06-01"), birthday="1990-04-20")
    house.buy(her, at("2024-01-15"), BEANS)
    found = ahead(kind="birthday", settings={"days_before": 2})
    assert [(str(day), n) for day, n in found.days] == [("2024-03-13", 1)]
    assert (found.members[0].member_id, found.total, found.whole, found.basis) == (her, 1, True, "planned")
    assert [str(d) for d, _ in ahead(kind="anniversary").days] == ["2024-03-20"]
    assert [str(d) for d, _ in ahead(kind="dormant").days] == ["2024-03-15"]
    festival = ahead(kind="festival", settings={"festivals": ["qingming"]})
    assert [(str(d), n) for d, n in festival.days] == [("2024-04-04", 2)]
    refill = ahead(kind="refill", settings={"skus": ["beans"], "fallback_days": 60, "days_before": 0})
    assert [str(d) for d, _ in refill.days] == ["2024-03-15"]
    assert ahead(kind="milestone", settings={"orders": [2]}).total == 1
    assert ahead(kind="welcome").total == 0
    visits = ahead(kind="visit", settings={"every_weeks": 4, "least_orders": 1}, task=chore())
    assert (visits.total, visits.basis) == (1, "now")
    assert CareMark.objects.count() == 0 and house.items() == []
