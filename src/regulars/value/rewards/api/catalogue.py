"""The catalogue: written from definitions, with its stock, codes and pictures; each write in the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.db import connection, transaction

from regulars.kit.errors import ErrorList, conflict, invalid_field, not_found
from regulars.kit.ids import new_id, new_ids
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.files import api as files
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions
from regulars.value.rewards import models
from regulars.value.rewards.policy import offers, terms
from regulars.value.rewards.store import catalogue as reads
from regulars.value.rewards.store import stock
from regulars.value.rewards.types import REWARD, Candidate, CodesImported, Reward, RewardTerms, WhyNot

MOST_CODES = 100_000
MOST_STOCK = 10_000_000


def list_rewards(
    *, scope: Scope, now: datetime, states: Sequence[str] | None = None, category: str | None = None
) -> list[Reward]:
    """The brand's rewards in their order (2 000 at most)."""
    return _read(scope.brand_id, now, states=states, category=category)


def get_reward(*, scope: Scope, key: str, now: datetime) -> Reward:
    """Raises `not_found`."""
    found = _read(scope.brand_id, now, key=key)
    if not found:
        raise not_found(REWARD)
    return found[0]


def get_rewards(*, scope: Scope, ids: Iterable[UUID], now: datetime) -> dict[UUID, Reward]:
    """Rewards by id, ended ones too."""
    return {reward.id: reward for reward in _read(scope.brand_id, now, ids=list(set(ids)))}


def apply_definition(*, scope: Scope, definition: Any, now: datetime) -> Reward:
    """Create the reward of a definition's key, or change it. A new one is a draft unless the definition says its state.

    Raises `invalid_input` with every wrong field, `kind_changed` (409) for another kind than it had.
    """
    programme = _programme(scope, now)
    parsed = _parse(scope, definition, programme)
    state = terms.state_of(definition)
    kept = terms.to_json(parsed)
    with transaction.atomic():
        row = (
            models.Reward.objects.select_for_update().filter(brand_id=scope.brand_id, key=parsed.key).first()
        )
        before: dict[str, Any] = {}
        if row is None:
            row = models.Reward(
                id=new_id(), brand_id=scope.brand_id, key=parsed.key, state="draft", created_at=now
            )
        else:
            before = {**row.definition, "state": row.state}
            if row.definition["kind"] != parsed.kind:
                raise conflict(
                    "kind_changed",
                    "商品类型不能更改，请新建商品",
                    "A reward's kind cannot change; make another reward",
                )
        row.definition, row.category, row.sort = kept, parsed.category, parsed.sort
        row.updated_at = now
        _into_state(row, state or row.state, now)
        row.save(force_insert=not before)
        if before != {**kept, "state": row.state}:
            _audit(
                scope,
                "reward.update" if before else "reward.create",
                row.key,
                before,
                {**kept, "state": row.state},
                now,
            )
    return get_reward(scope=scope, key=parsed.key, now=now)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every reward as canonical JSON with its state, by key. Stock and codes are no part of it."""
    rows = models.Reward.objects.filter(brand_id=brand_id).order_by("key")
    return [{"key": row.key, "state": row.state, **row.definition} for row in rows]


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Reward:
    """Put a reward on offer, pause it, end it. Raises `invalid_input`, `not_found`."""
    if state not in terms.STATES:
        raise invalid_field("state", "unknown_state", "没有这个状态", "There is no such state")
    with transaction.atomic():
        row = _locked(scope, key)
        before = row.state
        _into_state(row, state, now)
        row.updated_at = now
        row.save()
        if before != state:
            _audit(scope, "reward.update", key, {"state": before}, {"state": state}, now)
    return get_reward(scope=scope, key=key, now=now)


def set_stock(*, scope: Scope, key: str, stock_total: int | None, now: datetime) -> Reward:
    """Say how many there ever were of a reward; None for unlimited. What is taken stays taken.

    Raises `stock_below_taken` (409), `stock_by_codes` (409) for codes, whose stock is what was imported.
    """
    if stock_total is not None and not 0 <= stock_total <= MOST_STOCK:
        raise invalid_field("stock", "out_of_range", f"0 到 {MOST_STOCK}", f"0 to {MOST_STOCK}")
    with transaction.atomic(), connection.cursor() as cursor:
        row = _locked(scope, key)
        if row.definition["kind"] == "virtual_code":
            raise conflict(
                "stock_by_codes", "卡密的库存就是导入的数量", "The stock of codes is what was imported"
            )
        before = row.stock
        if stock_total is not None:
            if before is None:  # what was handed out while it was unlimited came from no stock
                left = stock.left(cursor, reward_id=row.id, pool="all")
                done = stock.resize(cursor, reward_id=row.id, pool="all", by=stock_total - left)
            else:
                done = stock.resize(cursor, reward_id=row.id, pool="all", by=stock_total - before)
            if not done:
                raise conflict(
                    "stock_below_taken",
                    "库存不能少于已兑出的数量",
                    "There cannot be less stock than was taken already",
                )
        row.stock, row.updated_at = stock_total, now
        row.save()
        _audit(scope, "reward.stock", key, {"stock": before}, {"stock": stock_total}, now)
    return get_reward(scope=scope, key=key, now=now)


def set_picture(*, scope: Scope, key: str, name: str, source: BinaryIO | bytes, now: datetime) -> Reward:
    """Keep a picture (png, jpg, webp) and show it; the one before is deleted."""
    with transaction.atomic():
        row = _locked(scope, key)
        kept = files.save(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            kind="image",
            name=name,
            source=source,
            now=now,
        )
        if row.picture_id:
            files.delete_file(organisation_id=scope.organisation_id, file_id=row.picture_id)
        row.picture_id, row.updated_at = kept.id, now
        row.save()
        _audit(scope, "reward.picture", key, {}, {"file": kept.name}, now)
    return get_reward(scope=scope, key=key, now=now)


def import_codes(*, scope: Scope, key: str, codes: Sequence[str], now: datetime) -> CodesImported:
    """Add virtual codes, each kept encrypted and found by its hash. What is there already is not added again."""
    errors = ErrorList()
    if not 1 <= len(codes) <= MOST_CODES:
        errors.add("codes", "out_of_range", f"一次 1 到 {MOST_CODES} 个", f"1 to {MOST_CODES} at once")
        errors.refuse()
    clean = [code.strip() for code in codes]
    for place, code in enumerate(clean):
        if not 1 <= len(code) <= 200 or not code.isprintable():
            errors.add(
                f"codes[{place}]", "bad_code", "卡密须为 1–200 个可见字符", "1 to 200 printable characters"
            )
            if len(errors.errors) >= 20:
                break
    errors.refuse()
    row = models.Reward.objects.filter(brand_id=scope.brand_id, key=key).first()
    if row is None:
        raise not_found(REWARD)
    if row.definition["kind"] != "virtual_code":
        raise conflict("not_a_code_reward", "该商品不是虚拟卡密", "This reward gives no codes")
    unique = list(dict.fromkeys(clean))
    rows = [
        (
            privacy.blind_index(
                value=f"{row.id}\x1f{code}", purpose="reward_code", organisation_id=scope.organisation_id
            ),
            id_,
            privacy.encrypt(text=code, table="reward_code", field="code", owner=id_),
        )
        for code, id_ in zip(unique, new_ids(len(unique)), strict=True)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        added = stock.add_codes(cursor, brand_id=scope.brand_id, reward_id=row.id, codes=rows, now=now)
        _audit(scope, "reward.codes", key, {}, {"added": added}, now)
    return CodesImported(added, len(clean) - added)


def candidate_reasons(
    *, reward: Reward, candidate: Candidate, quantity: int, now: datetime, timezone: str, unit: Text
) -> list[WhyNot]:
    """Why she cannot have so many of it now; empty when she can."""
    return offers.why_not(reward, candidate, quantity=quantity, now=now, timezone=timezone, unit=unit)


def _read(brand_id: UUID, now: datetime, **wanted: Any) -> list[Reward]:
    timezone = organisations.get_brand(brand_id=brand_id).timezone
    with connection.cursor() as cursor:
        rows = reads.read(cursor, brand_id=brand_id, today=offers.release_pool(now, timezone), **wanted)
    return [_reward(row, timezone) for row in rows]


def _reward(row: Sequence[Any], timezone: str) -> Reward:
    id_, brand_id, state, definition, picture, since, created, updated, total, left, released = row
    data = json.loads(definition) if isinstance(definition, str) else definition
    return Reward(
        id=id_,
        brand_id=brand_id,
        state=state,
        terms=_terms(data, timezone),
        definition=data,
        picture_id=picture,
        stock=total,
        left=left,
        released_left=released,
        on_offer_since=since,
        created_at=created,
        updated_at=updated,
    )


class _Anything(dict[str, Text]):
    """What was checked when it was written is not checked again when it is read."""

    def __contains__(self, key: object) -> bool:
        return True


def _terms(data: dict[str, Any], timezone: str) -> RewardTerms:
    return terms.parse(
        data,
        timezone=timezone,
        units=_Anything(),
        stores=frozenset(data.get("stores", ())),
        condition=lambda given: given,
    )


def _parse(scope: Scope, definition: Any, programme: Programme | None) -> RewardTerms:
    brand = organisations.get_brand(brand_id=scope.brand_id)
    units = {u.code: u.name for u in programme.units.values() if u.can_burn} if programme else {}

    def condition(data: Any) -> dict[str, Any] | None:
        if programme is None:
            raise invalid_field("condition", "no_programme", "请先发布权益规则", "Publish a programme first")
        return rules.check_standing(programme, data)

    return terms.parse(
        definition,
        timezone=brand.timezone,
        units=units,
        stores=frozenset(organisations.stores_of(brand_id=brand.id)),
        condition=condition,
    )


def _programme(scope: Scope, now: datetime) -> Programme | None:
    return versions.in_force(brand_id=scope.brand_id, now=now).live


def _locked(scope: Scope, key: str) -> models.Reward:
    row = models.Reward.objects.select_for_update().filter(brand_id=scope.brand_id, key=key).first()
    if row is None:
        raise not_found(REWARD)
    return row


def _into_state(row: models.Reward, state: str, now: datetime) -> None:
    if state == "active" and row.state != "active":
        row.on_offer_since = now
    row.state = state


def _audit(
    scope: Scope, action: str, key: str, before: dict[str, Any], after: dict[str, Any], now: datetime
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="reward",
        subject_id=key,
        before=before,
        after=after,
        now=now,
    )
