"""Codes that people meet are in the glossary, with their Chinese."""

from __future__ import annotations

import re
from typing import get_args

from tests.laws.source import ROOT

from regulars.flows.intake.types import SYSTEM_TYPES
from regulars.flows.value import REASONS
from regulars.value.coupons.types import CodeState, CouponState, DefinitionState
from regulars.value.ledger.types import EntryKind, LotState
from regulars.value.tiers.types import MoveReason

TEXT = (ROOT / "GLOSSARY.md").read_text()


def test_codes_are_explained() -> None:
    codes = {*SYSTEM_TYPES, *get_args(EntryKind), *get_args(LotState), *get_args(MoveReason)}
    codes |= {*get_args(CouponState), *get_args(CodeState), *get_args(DefinitionState)}
    quoted = set(re.findall(r"`(\w+)`", TEXT))
    assert codes - quoted == set()
    assert [reason for reason in REASONS if f"{reason} {REASONS[reason].zh}" not in TEXT] == []


def test_every_term_has_its_chinese() -> None:
    rows = [
        line.split("|")[1:3] for line in TEXT.splitlines() if line.startswith("| ") and "中文" not in line
    ]
    assert len(rows) > 80
    assert [english for english, chinese in rows if not re.search("[\u4e00-\u9fff]", chinese)] == []


def test_one_term_stands_once() -> None:
    terms = [line.split("|")[1].strip() for line in TEXT.splitlines() if re.match(r"\| (?!English)", line)]
    assert sorted({term for term in terms if terms.count(term) > 1}) == []
