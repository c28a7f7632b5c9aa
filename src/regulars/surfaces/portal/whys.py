"""Why an act gave or took what it did: its stored receipt read with the programme version that decided it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from regulars.facts.activity.records import ActivityRow, Stored, decode_body
from regulars.flows.value import REASONS
from regulars.kit.text import Language, Text
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import MONEY_KINDS, Benefit, Outcome, Programme, Rule
from regulars.programme.versions.types import ProgrammeHistory
from regulars.surfaces.portal import standing, words
from regulars.surfaces.portal.shapes import WhyOut

Account = Literal["available", "pending", "held", "debt"]


@dataclass(frozen=True, slots=True)
class Movement:
    """Value that moved other than by earning."""

    unit: str
    account: Account
    amount: int


class Reader:
    """Reads one stored activity for people."""

    def __init__(self, row: ActivityRow, programmes: ProgrammeHistory | None, language: Language) -> None:
        self._row = row
        self._programmes = programmes
        self._language: Language = language
        self.stored: Stored = row.stored()

    @cached_property
    def _programme(self) -> Programme | None:
        """The version that decided; where it is gone, the one in force when it happened."""
        if self._programmes is None:
            return None
        for programme in self._programmes.programmes:
            if programme.version == self.stored.version:
                return programme
        return self._programmes.at(self._row.occurred_at)

    @cached_property
    def _given(self) -> Any:
        return decode_body(self._row)

    def movements(self) -> list[Movement]:
        """What it took, gave back or set aside."""
        moved: list[Movement] = []
        for note in self.stored.notes:
            if note["code"] == "clawed_back":
                moved.append(Movement(note["unit"], "available", -note["taken"]))
                moved.append(Movement(note["unit"], "debt", note["debt"]))
            elif note["code"] == "given_back":
                moved.append(Movement(note["unit"], "available", note["amount"]))
        data = getattr(self._given, "data", None) or {}
        total = sum(amount for _, amount in self.stored.parts)
        match self._row.type:
            case "burn":
                moved.append(Movement(self._given.burn.unit, "available", -self._given.burn.amount))
            case "adjust":
                moved.append(Movement(data["unit"], "available", data["amount"]))
            case "credit":
                moved += [Movement(part["unit"], "available", part["amount"]) for part in data["parts"]]
            case "reward":
                moved += [Movement(part["unit"], "available", part["amount"]) for part in data["parts"]]
            case "hold":
                moved.append(Movement(data["unit"], "available", -data["amount"]))
                moved.append(Movement(data["unit"], "held", data["amount"]))
            case "capture" | "release" if data.get("unit"):
                sign = -1 if self._row.type == "capture" else 0
                moved.append(Movement(data["unit"], "held", -total))
                moved.append(Movement(data["unit"], "available", total * (sign + 1)))
            case _:
                pass
        return [movement for movement in moved if movement.amount]

    def whys(self, unit_name: Callable[[str], str]) -> list[WhyOut]:
        """The rules that fired with what each gave; for what no rule decides, the act's own reason."""
        found: list[WhyOut] = []
        for outcome in self.stored.outcomes:
            if outcome.reason or self._is_internal(outcome.rule):
                continue
            name, sentence = self._rule(outcome.rule)
            sums: dict[str, int] = {}
            for earn in self.stored.earns:
                if earn.rule == outcome.rule:
                    sums[earn.unit] = sums.get(earn.unit, 0) + earn.amount
            found += [
                WhyOut(rule=name, sentence=sentence, amount=amount, unit_name=unit_name(unit))
                for unit, amount in sums.items()
            ] or [WhyOut(rule=name, sentence=sentence, amount=None, unit_name=None)]
        return found + self._taken_back(unit_name) + self._own_reason(unit_name)

    def title(self, unit_name: Callable[[str], str]) -> str:
        """What it is called in a list, where its kind alone says too little; empty where it does not."""
        own = self._own_reason(unit_name)
        return own[0].rule if own and self._row.type in ("burn", "credit", "adjust", "hold", "reward") else ""

    def why_not(self) -> list[str]:
        """Why each other rule gave nothing, a sentence each."""
        if self._programme is None:
            return []
        return [
            rules.explain_outcome(
                Outcome(outcome.rule, fired=False, reason=outcome.reason, detail=outcome.detail),
                self._programme,
                self._language,
            )
            for outcome in self.stored.outcomes
            if outcome.reason and not self._is_internal(outcome.rule)
        ]

    def _taken_back(self, unit_name: Callable[[str], str]) -> list[WhyOut]:
        found = []
        for note in self.stored.notes:
            if note["code"] == "clawed_back":
                name, _ = self._rule(note["rule"])
                if self._row.type == "reward_back":
                    name = words.REWARD_BACK.in_language(self._language)
                text = words.CLAWED_WITH_DEBT.format(n=f"{note['debt']:,}") if note["debt"] else words.CLAWED
                found.append(self._why(Text(name, name), text, -note["amount"], unit_name(note["unit"])))
            elif note["code"] == "given_back":
                found.append(
                    self._why(
                        words.GIVEN_BACK,
                        words.GIVEN_BACK_WHY,
                        note["amount"],
                        unit_name(note["unit"]),
                        self._is_money(note["unit"]),
                    )
                )
            elif note["code"] == "waiting_for_order":
                found.append(self._why(words.WAITING, words.WAITING_WHY, None, None))
        return found

    def _own_reason(self, unit_name: Callable[[str], str]) -> list[WhyOut]:
        data = getattr(self._given, "data", None) or {}
        match self._row.type:
            case "burn":
                burn = self._given.burn
                what, said = self._spent_on(unit_name(burn.unit))
                return [self._why(what, said, -burn.amount, unit_name(burn.unit), self._is_money(burn.unit))]
            case "adjust":
                reason = REASONS.get(str(data.get("reason")), words.ADJUSTED)
                return [self._why(reason, words.ADJUSTED_WHY, data["amount"], unit_name(data["unit"]))]
            case "credit":
                return [
                    self._why(
                        _credited(part),
                        words.CREDITED_WHY,
                        part["amount"],
                        unit_name(part["unit"]),
                        self._is_money(part["unit"]),
                    )
                    for part in data["parts"]
                ]
            case "reward":
                title = Text.from_json(data.get("title") or {})
                name = title if title.zh or title.en else words.REWARDED
                return [
                    self._why(name, words.REWARDED_WHY, part["amount"], unit_name(part["unit"]))
                    for part in data["parts"]
                ]
            case "hold":
                return [self._why(words.HELD, words.HELD_WHY, data["amount"], unit_name(data["unit"]))]
            case "tier_place":
                return [self._why(words.PLACED, words.ADJUSTED_WHY, None, None)]
            case _:
                return []

    def _spent_on(self, unit: str) -> tuple[Text, Text]:
        """What a spending was for, and what was said about it."""
        burn = self._given.burn
        kind = (
            self._programme.units[burn.unit].kind
            if self._programme and burn.unit in self._programme.units
            else ""
        )
        if burn.contra in words.SPENT_ON:
            return words.SPENT_ON[burn.contra], Text("", "")
        if kind in ("sessions", "stamps"):
            return words.SPENT_ON[kind], Text("", "")
        if self._row.source in ("mall", "draw"):  # the name of the reward or draw, which is kept in Chinese
            return words.SPENT_ON[self._row.source], Text(burn.reason, "")
        if burn.reason.startswith("checkout "):
            return words.SPENT_ON["till"], words.AT_TILL.format(number=burn.reason.removeprefix("checkout "))
        return words.SPENT_ON["value"].format(unit=unit), Text(burn.reason, burn.reason)

    def _is_money(self, code: str) -> bool:
        unit = self._programme.units.get(code) if self._programme else None
        return unit is not None and unit.kind in MONEY_KINDS

    def _why(
        self, rule: Text, sentence: Text, amount: int | None, unit: str | None, money: bool = False
    ) -> WhyOut:
        return WhyOut(
            rule=rule.in_language(self._language),
            sentence=sentence.in_language(self._language),
            amount=amount,
            unit_name=unit,
            money=money,
        )

    def _is_internal(self, key: str) -> bool:
        programme = self._programme
        rule = next((r for r in programme.rules if r.key == key), None) if programme else None
        return rule is not None and standing.is_internal(rule)

    def _rule(self, key: str) -> tuple[str, str]:
        """Name and sentence of a rule or benefit; its key where the version no longer has it."""
        programme = self._programme
        thing: Rule | Benefit | None = None
        if programme is not None and key.startswith("benefit:"):
            wanted = key.removeprefix("benefit:")
            thing = next((b for b in programme.benefits if b.key == wanted), None)
        elif programme is not None:
            thing = next((r for r in programme.rules if r.key == key), None)
        if programme is None or thing is None:
            return key, ""
        return (
            thing.name.in_language(self._language),
            standing.rule_sentence(thing, programme, self._language),
        )


def _credited(part: dict[str, Any]) -> Text:
    """What brought a lot: what was bought, or how it came to her."""
    contra = part.get("contra", "issued")
    if contra == "paid":
        return words.BOUGHT["package" if str(part.get("ref", "")).startswith("package:") else "top_up"]
    return words.CREDITS[contra]
