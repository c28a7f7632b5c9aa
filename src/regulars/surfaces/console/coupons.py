"""Coupon definitions: the list with figures, the editor, starting and pausing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.coupons import (
    CouponDefinitionIn,
    CouponDefinitionOut,
    CouponDescribeIn,
    CouponSaidOut,
    CouponStateIn,
    OptionsOut,
)
from regulars.surfaces.console.shapes.programme import FieldErrorOut
from regulars.surfaces.console.shapes.shared import ChoiceOut, TextIO
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import CHANNELS, DEFINITION_STATES, Definition

router = Router(tags=["Coupons"])


@router.get("/coupon-definitions", response=list[CouponDefinitionOut], **needs("coupons.read"))
def list_definitions(request: HttpRequest) -> Any:
    """All of the brand's coupon definitions, with how many were issued, used and are left."""
    scope = scope_of(request)
    return _out(request, coupons.list_definitions(brand_id=scope.brand_id))


@router.get("/coupon-definitions/options", response=OptionsOut, **needs("coupons.read"))
def get_options(request: HttpRequest) -> Any:
    """What the editor of a definition chooses from."""
    scope, said = scope_of(request), language(request)
    naming = Naming(scope, said, clock.now())
    tiers = naming.scheme.tiers if naming.scheme else ()
    return OptionsOut(
        states=[ChoiceOut(value=k, label=naming.label(t)) for k, t in DEFINITION_STATES.items()],
        channels=[ChoiceOut(value=k, label=naming.label(t)) for k, t in CHANNELS.items()],
        tiers=[ChoiceOut(value=tier.code, label=naming.say(tier.name)) for tier in tiers],
        budgets=[
            ChoiceOut(value=one.key, label=naming.say(one.name))
            for one in budgets.list_budgets(brand_id=scope.brand_id)
        ],
        reasons=[ChoiceOut(value=code, label=naming.label(text)) for code, text in coupons.reasons().items()],
    )


@router.post("/coupon-definitions/describe", response=CouponSaidOut, **needs("coupons.read"))
def describe(request: HttpRequest, given: CouponDescribeIn) -> Any:
    """A definition under edit in a sentence; or everything that is wrong with it."""
    scope, said, now = scope_of(request), language(request), clock.now()
    try:
        told = flow.tell(scope=scope, definition=given.definition, now=now)
    except Refusal as refusal:
        if refusal.code != "invalid_input":
            raise
        return CouponSaidOut(
            sentence="", errors=[FieldErrorOut(**one.to_json(said)) for one in refusal.errors]
        )
    return CouponSaidOut(sentence=told.in_language(said), errors=[])


@router.get("/coupon-definitions/{key}", response=CouponDefinitionOut, **needs("coupons.read"))
def get_definition(request: HttpRequest, key: Code) -> Any:
    """One definition with its figures."""
    found = coupons.get_definition(brand_id=scope_of(request).brand_id, key=key)
    return _out(request, [found], with_codes=True)[0]


@router.put("/coupon-definitions/{key}", response=CouponDefinitionOut, **needs("coupons.write"))
def put_definition(request: HttpRequest, key: Code, given: CouponDefinitionIn) -> Any:
    """Make a definition or change one. 409 `key_taken`, `changed_meanwhile`; 422 names every wrong field."""
    made = flow.put_definition(
        scope=scope_of(request),
        definition={**given.definition, "key": key},
        now=clock.now(),
        create=given.create,
        revision=given.revision,
    )
    return _out(request, [made], with_codes=True)[0]


@router.post("/coupon-definitions/{key}/state", response=CouponDefinitionOut, **needs("coupons.write"))
def set_state(request: HttpRequest, key: Code, given: CouponStateIn) -> Any:
    """Start, pause (neither issued nor used) or end (not issued; what is out stays good)."""
    made = coupons.set_state(scope=scope_of(request), key=key, state=given.state, now=clock.now())
    return _out(request, [made], with_codes=True)[0]


def _out(
    request: HttpRequest, made: list[Definition], *, with_codes: bool = False
) -> list[CouponDefinitionOut]:
    scope, said, now = scope_of(request), language(request), clock.now()
    naming = Naming(scope, said, now)
    figures = coupons.tallies(brand_id=scope.brand_id, made=made, now=now)
    sentences = flow.sentences(scope=scope, made=made, now=now)
    shown = []
    for one in made:
        figure = figures[one.key]
        definition = coupons.definition_json(one)
        definition.pop("key")
        shown.append(
            CouponDefinitionOut(
                key=one.key,
                name=naming.say(one.name),
                names=TextIO.of(one.name),
                state=one.state,
                state_name=naming.label(DEFINITION_STATES[one.state]),
                sentence=naming.say(sentences[one.key]),
                issued=figure.issued,
                used=figure.used,
                left=figure.left,
                left_today=figure.left_today,
                free_codes=coupons.count_free_codes(brand_id=scope.brand_id, definition=one.key)
                if with_codes
                else None,
                definition=definition,
                revision=one.revision,
                updated_at=one.updated_at,
            )
        )
    return shown
