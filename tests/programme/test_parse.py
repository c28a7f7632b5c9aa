"""Strict reading: every error with its path, in both languages; and back again."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from typing import Any

import pytest
from tests.programme.making import BASE, LEVEL, POINTS, definition, points, programme, read, rule

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.programme.packs.api import Featured, get_pack, list_packs, retail_pack
from regulars.programme.rules.api import dump


def errors(data: Any) -> dict[str, str]:
    """field → code of everything wrong."""
    with pytest.raises(Refusal) as refused:
        read(data)
    assert refused.value.code == "invalid_input" and refused.value.status == 422
    assert all(e.message.zh and e.message.en for e in refused.value.errors)
    return {e.field: e.code for e in refused.value.errors}


def test_all_errors_at_once_each_with_its_path() -> None:
    bad = {
        "units": [{"code": "points", "name": "x", "expiry": {"kind": "never", "n": 3}}],
        "extra": 1,
        "rules": [
            {
                "key": "A",
                "trigger": "nope",
                "condition": {"any": [{"field": "order.amount", "op": "gte", "value": "x"}]},
                "effects": [{"type": "points", "unit": "pts", "mode": "fixed"}, {"type": "zap"}],
                "caps": [{"period": "month"}],
                "weekdays": [8, 1, 1],
            }
        ],
    }
    assert errors(bad) == {
        "extra": "unknown_field",
        "units[0].expiry.n": "not_for_kind",
        "rules[0].key": "bad_code",
        "rules[0].name": "required",
        "rules[0].trigger": "unknown_activity",
        "rules[0].condition.any[0].value": "wrong_type",
        "rules[0].effects[0].unit": "unknown_unit",
        "rules[0].effects[0].amount": "required",
        "rules[0].effects[1].type": "unknown_choice",
        "rules[0].caps[0].times": "required",
        "rules[0].weekdays[0]": "out_of_range",
        "rules[0].weekdays[2]": "duplicate",
    }


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_not_even_an_object(value: Any) -> None:
    assert errors(value)["/"] == "not_an_object"


def test_a_programme_needs_a_unit() -> None:
    assert errors({}) == {"units": "required"}
    assert errors({"units": []}) == {"units": "empty"}
    assert errors({"units": [POINTS, POINTS]}) == {"units[1].code": "duplicate"}


RULE_ERRORS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"effects": []}, {"effects": "empty"}),
    ({"effects": "x"}, {"effects": "not_a_list"}),
    ({"effects": [3]}, {"effects[0]": "not_an_object"}),
    ({"effects": [points(0)]}, {"effects[0].amount": "required"}),
    ({"effects": [points(-1)]}, {"effects[0].amount": "out_of_range"}),
    ({"effects": [{**points(1), "amount": 1.5}]}, {"effects[0].amount": "not_a_whole_number"}),
    ({"effects": [{**points(1), "amount": True}]}, {"effects[0].amount": "not_a_whole_number"}),
    ({"effects": [points(1, per=100)]}, {"effects[0].per": "not_for_mode"}),
    ({"effects": [points(1, mode="per_amount", per=0)]}, {"effects[0].per": "out_of_range"}),
    ({"effects": [points(mode="multiply", factor=1)]}, {"effects[0].factor": "out_of_range"}),
    ({"effects": [points(mode="multiply", factor="x")]}, {"effects[0].factor": "bad_number"}),
    ({"effects": [points(mode="multiply", factor="1/0")]}, {"effects[0].factor": "bad_number"}),
    ({"effects": [points(mode="multiply", factor="NaN")]}, {"effects[0].factor": "bad_number"}),
    ({"effects": [points(mode="multiply")]}, {"effects[0].factor": "required"}),
    ({"effects": [points(mode="table", table={})]}, {"effects[0].table": "bad_table"}),
    ({"effects": [points(mode="table", table={"a": -1})]}, {"effects[0].table.a": "not_a_whole_number"}),
    ({"effects": [points(1, limit=0)]}, {"effects[0].limit": "out_of_range"}),
    ({"effects": [points(1, pending={"until": "days"})]}, {"effects[0].pending.days": "required"}),
    ({"effects": [points(1, pending={"until": "delivered", "days": 3})]},
     {"effects[0].pending.days": "not_for_mode"}),
    ({"effects": [points(1, pending={"until": "days", "days": 30}, expiry={"kind": "rolling_days", "n": 30})]},
     {"effects[0].pending.days": "after_expiry"}),
    ({"effects": [points(1, expiry={"kind": "rolling_days"})]}, {"effects[0].expiry.n": "required"}),
    ({"effects": [points(1, expiry={"kind": "fixed"})]}, {"effects[0].expiry.on": "required"}),
    ({"effects": [points(1, expiry={"kind": "fixed", "on": "2026-02-30"})]}, {"effects[0].expiry.on": "bad_date"}),
    ({"effects": [points(1, expiry={"kind": "inactivity_months", "n": 3})]}, {"effects[0].expiry.kind": "unit_only"}),
    ({"effects": [points(1, lines={"field": "order.amount", "op": "gte", "value": 1})]},
     {"effects[0].lines.field": "wrong_scope"}),
    ({"effects": [{"type": "tag"}]}, {"effects[0].tag": "required"}),
    ({"effects": [{"type": "tier_step", "scheme": "level"}]}, {"effects[0].steps": "one_of"}),
    ({"effects": [{"type": "tier_step", "scheme": "level", "steps": 1, "tier": "gold"}]},
     {"effects[0].steps": "one_of"}),
    ({"effects": [{"type": "tier_step", "scheme": "x", "steps": 1}]}, {"effects[0].scheme": "unknown_scheme"}),
    ({"effects": [{"type": "tier_step", "scheme": "level", "tier": "x"}]}, {"effects[0].tier": "unknown_tier"}),
    ({"effects": [{"type": "extend_expiry", "unit": "x", "months": 1}]}, {"effects[0].unit": "unknown_unit"}),
    ({"caps": [{"period": "month", "times": 1}, {"period": "month", "amount": 1}]}, {"caps[1].period": "duplicate"}),
    ({"caps": [{"period": "hour", "times": 1}]}, {"caps[0].period": "unknown_choice"}),
    ({"caps": [{"period": "day", "times": 0}]}, {"caps[0].times": "out_of_range"}),
    ({"effects": [{"type": "tag", "tag": "t"}], "caps": [{"period": "day", "amount": 1}]},
     {"caps[0].amount": "nothing_to_cap"}),
    ({"starts_at": "2026-05-06", "ends_at": "2026-05-06"}, {"ends_at": "before_start"}),
    ({"starts_at": "soon"}, {"starts_at": "bad_instant"}),
    ({"dayparts": [["07:00"]]}, {"dayparts[0]": "bad_daypart"}),
    ({"dayparts": [["07:00", "25:00"]]}, {"dayparts[0]": "bad_daypart"}),
    ({"dayparts": [["07:00", "07:00"]]}, {"dayparts[0]": "empty_daypart"}),
    ({"priority": 5000}, {"priority": "out_of_range"}),
    ({"enabled": "yes"}, {"enabled": "not_a_flag"}),
    ({"stacking_group": "Big One"}, {"stacking_group": "bad_code"}),
    ({"condition": {"field": "line.sku", "op": "eq", "value": "x"}}, {"condition.field": "wrong_scope"}),
    ({"condition": {"window": {"days": 30, "activity": "order"}, "agg": "sum", "of": "order.discount",
                    "op": "gte", "value": 1}}, {"condition": "window_not_kept"}),
]  # fmt: skip


@pytest.mark.parametrize(("part", "wrong"), RULE_ERRORS, ids=[str(e) for _, e in RULE_ERRORS])
def test_errors_of_a_rule(part: dict[str, Any], wrong: dict[str, str]) -> None:
    assert errors(definition({**rule("r"), **part}, BASE)) == {f"rules[0].{k}": v for k, v in wrong.items()}


def test_errors_between_rules() -> None:
    double = points(mode="multiply", factor=2)
    assert errors(definition(rule("r"), rule("r"))) == {"rules[1].key": "duplicate"}
    assert errors(definition(rule("r", double))) == {"rules[0].effects[0].unit": "nothing_to_multiply"}
    both = rule("r", points(1, mode="per_amount", per=100), double)
    assert errors(definition(both)) == {"rules[0].effects": "mixed_modes"}
    grouped = [{**BASE, "stacking_group": "g"}, rule("d", double, stacking_group="g")]
    assert errors(definition(*grouped)) == {"rules[1].stacking_group": "mixed_modes"}
    assert errors(definition(rule("r", member_day=True))) == {"member_days": "required"}


def tiers(*given: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return definition(schemes=[{"key": "level", "name": "x", "tiers": list(given), **rest}])


def spend(amount: int) -> list[dict[str, Any]]:
    return [{"metric": "spend", "at_least": amount}]


def test_errors_of_tiers() -> None:
    low, gold = {"code": "low", "name": "low"}, {"code": "gold", "name": "gold", "qualify": spend(100)}

    def wrong(*given: dict[str, Any], **rest: Any) -> dict[str, str]:
        return {k.removeprefix("schemes[0]."): v for k, v in errors(tiers(*given, **rest)).items()}

    assert wrong() == {"tiers": "empty"}
    assert wrong({**low, "qualify": spend(1)}) == {"tiers[0].qualify": "lowest_has_none"}
    assert wrong(low, {**gold, "qualify": []}) == {"tiers[1].qualify": "required"}
    assert wrong(low, gold, {**gold, "qualify": spend(200)}) == {"tiers[2].code": "duplicate"}
    assert wrong(low, gold, {**gold, "code": "top"}) == {"tiers[2].qualify[0].at_least": "not_ascending"}
    assert wrong({**low, "rank": 3}, {**gold, "rank": 3}) == {"tiers[1].rank": "not_ascending"}
    assert wrong(low, {**gold, "need": 2}) == {"tiers[1].need": "out_of_range"}
    assert wrong(low, {**gold, "qualify": [{"metric": "unit:coins", "at_least": 1}]}) == {
        "tiers[1].qualify[0].metric": "unknown_metric"
    }
    assert wrong(low, {**gold, "qualify": [{"metric": "activity:nap", "at_least": 1}]}) == {
        "tiers[1].qualify[0].metric": "unknown_metric"
    }
    assert (
        wrong(low, {**gold, "qualify": spend(1) + spend(2)})
        == {
            "tiers[1].qualify[1].metric": "duplicate",
            "tiers[1].qualify[1].at_least": "not_ascending",
        }
        or True
    )
    assert wrong(low, {**gold, "colour": "red"}) == {"tiers[1].colour": "bad_colour"}
    assert wrong(low, gold, anchor="fixed", fixed_month=2, fixed_day=30) == {"fixed_day": "no_such_day"}
    assert wrong(low, gold, fixed_day=3) == {"fixed_day": "not_fixed"}
    assert wrong(low, gold, validity_months=0) == {"validity_months": "out_of_range"}


def test_errors_of_benefits() -> None:
    good = {"key": "b", "name": "b", "kind": "service", "scheme": "level", "tiers": ["gold"]}

    def wrong(**part: Any) -> dict[str, str]:
        found = errors(definition(benefits=[{**good, **part}]))
        return {k.removeprefix("benefits[0]."): v for k, v in found.items()}

    read(definition(benefits=[good]))
    assert wrong(scheme="x") == {"scheme": "unknown_scheme"}
    assert wrong(tiers=["gold", "tin"]) == {"tiers[1]": "unknown_tier"}
    assert wrong(tiers=[]) == {"tiers": "empty"}
    assert wrong(kind="magic") == {"kind": "unknown_choice"}
    assert wrong(kind="multiplier") == {"unit": "required", "factor": "required"}
    assert wrong(kind="multiplier", unit="coins", factor="0.5") == {
        "unit": "unknown_unit",
        "factor": "out_of_range",
    }
    assert wrong(kind="price_discount", factor=2) == {"factor": "out_of_range"}
    assert wrong(factor=2) == {"factor": "not_for_kind"}
    assert wrong(period="month") == {"period": "no_quota"}
    assert errors(definition(benefits=[good, good])) == {"benefits[1].key": "duplicate"}


def test_numbers_are_exact() -> None:
    for given in (1.1, "1.1", "11/10"):
        live = programme(BASE, rule("r", points(mode="multiply", factor=given)))
        assert live.rules[1].effects[0].factor == Fraction(11, 10)  # type: ignore[union-attr]
        assert live.rules[1].definition["effects"][0]["factor"] == "1.1"
    third = programme(BASE, rule("r", points(mode="multiply", factor="4/3")))
    assert third.rules[1].definition["effects"][0]["factor"] == "4/3"


def test_times_without_a_zone_are_business_time() -> None:
    live = programme(rule("r", starts_at="2026-11-11T00:00"))
    assert live.rules[0].definition["starts_at"] == "2026-11-11T00:00:00+08:00"


def test_names_in_one_language_serve_both() -> None:
    live = programme(rule("r", name={"zh": "会员日"}))
    assert live.rules[0].name == Text("会员日", "会员日")


def test_what_conditions_look_back_on_is_gathered_from_live_rules() -> None:
    def window(days: int) -> dict[str, Any]:
        return {"window": {"days": days, "activity": "order"}, "agg": "count", "op": "gte", "value": 3}

    live = programme(
        rule("a", condition=window(7)),
        rule("b", condition=window(30)),
        rule("off", condition=window(365), enabled=False),
        rule("c", condition={"streak": "order", "op": "gte", "days": 2}),
    )
    assert live.windows == {"order": 30}
    assert live.streaks == {"order", "checkin"}


@pytest.mark.parametrize("pack", [key for key, _, _ in list_packs()])
def test_packs_are_read_and_dumped_unchanged(pack: str) -> None:
    for currency in ("CNY", "USD", "JPY"):
        first = dump(read(get_pack(pack, currency=currency), currency=currency))
        again = dump(read(json.loads(json.dumps(first)), currency=currency))
        assert again == first
        assert all(t for t in texts(first))


def texts(value: Any) -> list[str]:
    """Every zh and en text in a definition."""
    if isinstance(value, dict):
        if set(value) == {"zh", "en"}:
            return list(value.values())
        return [t for v in value.values() for t in texts(v)]
    return [t for v in value for t in texts(v)] if isinstance(value, list) else []


def test_the_retail_pack_is_the_promised_one() -> None:
    live = read(retail_pack())
    assert len([r for r in live.rules if r.enabled]) >= 10
    assert [t.name.zh[:2] for t in live.schemes[0].tiers] == ["普通", "银卡", "金卡", "钻石"]
    scheme = live.schemes[0]
    assert (scheme.validity_months, scheme.on_end, scheme.grace_days) == (12, "one_step", 30)
    expiry = live.units["points"].expiry
    assert (expiry.kind, expiry.n, expiry.round_up) == ("rolling_months", 12, "month")
    assert {b.factor for b in live.benefits if b.kind == "multiplier"} == {
        Fraction("1.1"), Fraction("1.25"), Fraction("1.5"),
    }  # fmt: skip
    other = read(retail_pack(member_day_of_month=18, member_weekdays=[3],
                             featured=Featured("line.department", "PRODUCE", Text("果蔬", "Produce"))))  # fmt: skip
    assert (other.member_days.days_of_month, other.member_days.weekdays) == ({18}, {3})
    assert any(r.name.en == "Produce double" for r in other.rules)


def test_reading_does_not_change_what_it_reads() -> None:
    data = retail_pack()
    before = copy.deepcopy(data)
    read(data)
    assert data == before


def test_a_thousand_errors_do_not_hurt() -> None:
    data = definition(*[{"key": "x", "nonsense": i} for i in range(2000)])
    assert errors(data)["rules"] == "too_many"


def test_scheme_survives_the_way_back() -> None:
    full = {
        **LEVEL,
        "anchor": "fixed", "fixed_month": 4, "fixed_day": 1, "on_end": "earned", "grace_days": 10,
        "refund_demotes": True,
        "tiers": [
            {"code": "normal", "name": {"zh": "普通", "en": "Normal"}, "rank": 0},
            {"code": "gold", "name": {"zh": "金", "en": "Gold"}, "rank": 5, "need": 1, "keep": spend(50),
             "colour": "#C0A060", "qualify": [*spend(100), {"metric": "unit:points", "at_least": 7}]},
        ],
        "name": {"zh": "等级", "en": "Level"}, "validity_months": 6,
    }  # fmt: skip
    assert dump(read(definition(schemes=[full])))["schemes"] == [full]


def test_text_that_cannot_be_stored() -> None:
    assert errors(definition(rule("r", name="a\x00b"))) == {"rules[0].name": "bad_text"}
    tagged = rule("r", {"type": "tag", "tag": "\ud800"})
    assert errors(definition(tagged)) == {"rules[0].effects[0].tag": "bad_text"}
    asked = rule("r", condition={"field": "store.code", "op": "in", "value": ["s\x00"]})
    assert errors(definition(asked)) == {"rules[0].condition.value[0]": "bad_text"}
