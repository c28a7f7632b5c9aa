"""The sections of a blueprint beside the programme, in the order in which they are applied: what others name first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from regulars.engage.referrals import api as referrals
from regulars.facts.activity import api as activities
from regulars.facts.activity.declared import FIELD_KINDS, DataField
from regulars.facts.members import api as members
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField, Tag
from regulars.flows.blueprint.types import Section
from regulars.flows.intake.api import SYSTEM_TYPES
from regulars.flows.journeys import api as journeys
from regulars.flows.missions import api as missions
from regulars.flows.referrals import api as referral_flow
from regulars.kit.errors import ErrorList, invalid_field
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.value.bookings import api as bookings
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.plans import api as plans
from regulars.value.prepaid import api as prepaid
from regulars.value.rewards import api as rewards

_MOST = 200


def words() -> tuple[Section, ...]:
    """What conditions name: needed to read the programme."""
    return (
        Section(
            "activity_types", Text("行为类型", "Activity types"), "code", _types, _put_type, "settings.write"
        ),
        Section(
            "profile_fields", Text("会员字段", "Profile fields"), "key", _fields, _put_field, "settings.write"
        ),
        Section("tags", Text("标签", "Tags"), "code", _tags, _put_tag, "settings.write"),
    )


def rooms() -> tuple[Section, ...]:
    """What operators edit daily: it names units, tiers and benefits of the programme in force."""
    return (
        _room("budgets", Text("预算", "Budgets"), budgets, "coupons.write"),
        _room("coupons", Text("券模板", "Coupons"), coupons, "coupons.write"),
        _room("prepaid", Text("储值与次卡", "Prepaid"), _Prepaid, "prepaid.write", kind="kind"),
        _room("plans", Text("付费会员", "Plans"), plans, "plans.write"),
        _room("rewards", Text("积分商城", "Rewards"), rewards, "rewards.write"),
        _room("bookings", Text("预约服务", "Bookings"), bookings, "bookings.write", kind="type"),
        _play("badges", Text("徽章", "Badges"), missions.export_badges, missions.apply_badge),
        _play("draws", Text("抽奖", "Draws"), missions.export_draws, missions.apply_draw),
        _play("missions", Text("任务", "Missions"), missions.export_missions, missions.apply_mission),
        _play("boards", Text("排行榜", "Leaderboards"), missions.export_boards, missions.apply_board),
        _play("checkin", Text("签到", "Check-in"), missions.export_checkin, missions.apply_checkin),
        _room("journeys", Text("旅程", "Journeys"), journeys, "journeys.write"),
        Section(
            "referrals",
            Text("推荐计划", "Referral programme"),
            "key",
            _referrals,
            _put_referrals,
            "referrals.write",
        ),
    )


def sections() -> tuple[Section, ...]:
    return (*words(), *rooms())


class _Prepaid:
    """The room's door by position, as the others by keyword."""

    @staticmethod
    def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
        return prepaid.export_definitions(brand_id=brand_id)

    @staticmethod
    def apply_definition(*, scope: Scope, definition: Any, now: datetime) -> None:
        prepaid.apply_definition(scope=scope, definition=definition, now=now)


def _room(name: str, title: Text, door: Any, permission: str, kind: str = "") -> Section:
    def export(brand_id: UUID) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = door.export_definitions(brand_id=brand_id)
        return found

    def put(scope: Scope, definition: dict[str, Any], now: datetime) -> None:
        door.apply_definition(scope=scope, definition=definition, now=now)

    return Section(name, title, "key", export, put, permission, kind)


def _play(name: str, title: Text, export: Any, put: Any) -> Section:
    return Section(
        name,
        title,
        "key",
        lambda brand_id: export(brand_id=brand_id),
        lambda scope, definition, now: put(scope=scope, definition=definition, now=now),
        "missions.write",
    )


_THE_ONE = "programme"  # a brand has one referral programme


def _referrals(brand_id: UUID) -> list[dict[str, Any]]:
    found = referrals.get_settings(brand_id=brand_id)
    return [{"key": _THE_ONE, **referrals.settings_json(found)}] if found.version else []


def _put_referrals(scope: Scope, given: dict[str, Any], now: datetime) -> None:
    if given.get("key") != _THE_ONE:
        raise invalid_field("key", "unknown", f"只能是 {_THE_ONE}", f"Must be {_THE_ONE}")
    definition = {name: value for name, value in given.items() if name != "key"}
    referral_flow.put_settings(scope=scope, definition=definition, now=now)


def nearest(word: str, known: Any) -> Text:
    """`；是否想写 rules？` where one of the known words is close."""
    close = get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.6)
    if not close:
        shown = ", ".join(str(k) for k in known)
        return Text(f"，可用：{shown}", f"; known: {shown}")
    return Text(f"，是否想写 {close[0]}？", f"; did you mean {close[0]}?")


class _Reader:
    """Reads one definition of the brand's vocabulary strictly."""

    def __init__(self, values: Mapping[str, Any], known: tuple[str, ...]) -> None:
        self.values = values
        self.errors = ErrorList()
        for key in values:
            if key not in known:
                hint = nearest(key, known)
                self.errors.add(key, "unknown_field", f"未知字段{hint.zh}", f"Unknown field{hint.en}")

    def text(self, key: str, at: Mapping[str, Any] | None = None, path: str = "") -> Text:
        value = (self.values if at is None else at).get(key)
        if isinstance(value, str):
            return Text(value, value)
        if (
            isinstance(value, Mapping)
            and value
            and set(value) <= {"zh", "en"}
            and all(isinstance(v, str) for v in value.values())
        ):
            return Text.from_json(dict(value))
        self.errors.add(path or key, "bad_text", "应为中英文文本", "Must be text in zh and en")
        return Text("", "")

    def word(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if isinstance(value, str) and len(value) <= 200:
            return value
        self.errors.add(key, "bad_text", "应为文本", "Must be text")
        return ""

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.errors.add(key, "not_a_flag", "应为是或否", "Must be true or false")
        return default

    def items(self, key: str, known: tuple[str, ...]) -> list[tuple[str, Mapping[str, Any]]]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or len(value) > _MOST:
            self.errors.add(
                key, "not_a_list", f"应为至多 {_MOST} 项的列表", f"Must be a list of at most {_MOST}"
            )
            return []
        found = []
        for place, item in enumerate(value):
            path = f"{key}[{place}]"
            if not isinstance(item, Mapping):
                self.errors.add(path, "not_an_object", "应为对象", "Must be an object")
                continue
            for name in item:
                if name not in known:
                    hint = nearest(name, known)
                    self.errors.add(
                        f"{path}.{name}", "unknown_field", f"未知字段{hint.zh}", f"Unknown field{hint.en}"
                    )
            found.append((path, item))
        return found

    def choices(self, key: str = "choices") -> list[dict[str, Any]]:
        found = []
        for path, item in self.items(key, ("value", "label")):
            value = item.get("value")
            if not isinstance(value, str) or not 0 < len(value) <= 64:
                self.errors.add(f"{path}.value", "bad_text", "应为文本", "Must be text")
                continue
            found.append({"value": value, "label": self.text("label", item, f"{path}.label").to_json()})
        return found


def _short(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v
        for k, v in values.items()
        if v is not None and v != [] and v != {} and v != "" and v is not False
    }


def _types(brand_id: UUID) -> list[dict[str, Any]]:
    return [
        _short({"code": one.code, "name": one.name.to_json(), "fields": [_data_field(f) for f in one.fields]})
        for one in activities.list_types(brand_id=brand_id)
    ]


def _data_field(field: DataField) -> dict[str, Any]:
    return _short(
        {
            "key": field.key,
            "type": field.type,
            "label": field.label.to_json(),
            "required": field.required,
            "choices": [{"value": value, "label": label.to_json()} for value, label in field.choices],
            "minimum": None if field.minimum is None else int(field.minimum),
            "maximum": None if field.maximum is None else int(field.maximum),
        }
    )


def _put_type(scope: Scope, given: dict[str, Any], now: datetime) -> None:
    read = _Reader(given, ("code", "name", "fields"))
    code, name = read.word("code"), read.text("name")
    fields: list[dict[str, Any]] = []
    for path, item in read.items(
        "fields", ("key", "type", "label", "required", "choices", "minimum", "maximum")
    ):
        inner = _Reader(item, tuple(item))
        field: dict[str, Any] = {"key": inner.word("key"), "type": inner.word("type")}
        field["label"] = inner.text("label").to_json()
        field["required"] = inner.flag("required", False)
        field["choices"] = inner.choices()
        for bound in ("minimum", "maximum"):
            value = item.get(bound)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**12:
                inner.errors.add(bound, "not_a_whole_number", "应为整数", "Must be a whole number")
            field[bound] = value
        if field["type"] not in FIELD_KINDS:
            kinds = ", ".join(FIELD_KINDS)
            inner.errors.add("type", "bad_type", f"类型只能是：{kinds}", f"must be one of: {kinds}")
        for error in inner.errors.errors:
            read.errors.add(f"{path}.{error.field}", error.code, error.message.zh, error.message.en)
        fields.append(field)
    read.errors.refuse()
    activities.declare_type(
        brand_id=scope.brand_id, code=code, name=name, fields=fields, reserved=SYSTEM_TYPES
    )
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="activity_type.put",
        subject_type="activity_type",
        subject_id=code,
        after={"name": name.to_json(), "fields": [f["key"] for f in fields]},
        now=now,
    )


def _fields(brand_id: UUID) -> list[dict[str, Any]]:
    return [
        _short(
            {
                "key": field.key,
                "type": field.type,
                "label": field.label.to_json(),
                "choices": [{"value": c.value, "label": c.label.to_json()} for c in field.choices],
                "rules": _short(asdict(field.rules)),
                "in_portal": field.in_portal or None,
                "position": field.position or None,
                "archived": field.archived or None,
            }
        )
        for field in members.list_fields(brand_id=brand_id, archived=True)
    ]


_RULES = ("min", "max", "max_length", "pattern", "required_in_portal")


def _put_field(scope: Scope, given: dict[str, Any], now: datetime) -> None:
    read = _Reader(given, ("key", "type", "label", "choices", "rules", "in_portal", "position", "archived"))
    key, kind, label = read.word("key"), read.word("type"), read.text("label")
    choices = tuple(FieldChoice(c["value"], Text.from_json(c["label"])) for c in read.choices())
    rules, position = given.get("rules", {}), given.get("position", 0)
    if not isinstance(rules, Mapping):
        read.errors.add("rules", "not_an_object", "应为对象", "Must be an object")
        rules = {}
    for name, value in rules.items():
        wanted = {"max_length": int, "required_in_portal": bool}.get(name, str)
        if name not in _RULES:
            hint = nearest(name, _RULES)
            read.errors.add(f"rules.{name}", "unknown_field", f"未知字段{hint.zh}", f"Unknown field{hint.en}")
        elif type(value) is not wanted:
            kind = wanted.__name__
            read.errors.add(f"rules.{name}", "bad_value", f"应为 {kind} 类型", f"Must be of type {kind}")
    if type(position) is not int or not 0 <= position <= 10_000:
        read.errors.add("position", "out_of_range", "应为 0–10000 的整数", "Must be a number from 0 to 10000")
    in_portal, archived = read.flag("in_portal", False), read.flag("archived", False)
    read.errors.refuse()
    field = ProfileField(key, kind, label, choices, FieldRules(**dict(rules)), in_portal, position, archived)
    members.put_field(scope=scope, field=field, now=now)


def _tags(brand_id: UUID) -> list[dict[str, Any]]:
    return [
        _short({"code": tag.code, "name": tag.name.to_json(), "colour": tag.colour})
        for tag in members.list_tags(brand_id=brand_id)
    ]


def _put_tag(scope: Scope, given: dict[str, Any], now: datetime) -> None:
    read = _Reader(given, ("code", "name", "colour"))
    tag = Tag(read.word("code"), read.text("name"), read.word("colour", ""))
    read.errors.refuse()
    members.put_tag(scope=scope, tag=tag, now=now)
