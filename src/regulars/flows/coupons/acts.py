"""What is done with coupons one at a time: claimed, verified at a store, undone, made void, given away.

Each is one transaction under the member's lock, which comes first; then codes, coupons by id, and budgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.flows import standing
from regulars.flows.coupons.offers import refuse_shut
from regulars.flows.intake.post import not_active
from regulars.flows.standing import Standing
from regulars.kit.errors import conflict, forbidden, invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import CodeRow, CouponUse, Definition, Gift, Held, Outcome

STORE = "store"  # the channel of a use that was verified without a cart
MOST_AT_ONCE = 1000
_MEMBER = Text("会员", "Member")


@dataclass(frozen=True, slots=True)
class Acted:
    """A coupon after an act. `repeated`: it had been done before under the same key, nothing was done again."""

    held: Held
    repeated: bool = False


def claim(*, scope: Scope, member_id: UUID, definition: str, key: str, now: datetime) -> Acted:
    """A member takes a coupon in the claim centre. Raises the reason codes of coupons (409) and `not_found`."""
    made = coupons.get_definition(brand_id=scope.brand_id, key=definition)
    return _claim(scope, member_id, made, "portal", f"portal:{key}", "portal", now)


def claim_code(*, scope: Scope, member_id: UUID, code: str, key: str, now: datetime) -> Acted:
    """A member brings a code: one of ours, another's, or a word that many may use once each.

    Raises `not_found` for what is no code, `code_used` (409) when somebody was first, and why the coupon cannot be had.
    """
    with transaction.atomic():
        her = _lock_member(scope, member_id, now)
        code_hash, row = coupons.lock_code(brand_id=scope.brand_id, code=code)
        made = coupons.get_definition(brand_id=scope.brand_id, key=row.definition)
        if row.state == "open":
            source_key = f"word:{row.code}"
            acted = _claim(scope, member_id, made, "code", source_key, f"word:{row.code}", now, her)
            same = _is_same_request(scope, acted.held, key)
            if acted.repeated and not same:
                raise coupons.refusal("coupon_member_limit", made)
            return acted
        if row.state == "bound" and row.holder_id == member_id and row.coupon_id:
            held = coupons.get_coupon(brand_id=scope.brand_id, member_id=member_id, coupon_id=row.coupon_id)
            if _is_same_request(scope, held, key):
                return Acted(held, repeated=True)
        _require_free(row)
        acted = _claim(scope, member_id, made, "code", f"code:{code_hash}", "code", now, her)
        _is_same_request(scope, acted.held, key)
        coupons.bind_code(code_hash=code_hash, coupon=acted.held.coupon, now=now)
        return Acted(
            coupons.get_coupon(brand_id=scope.brand_id, member_id=member_id, coupon_id=acted.held.coupon.id)
        )


def issue_now(
    *, scope: Scope, definition: str, member_ids: Sequence[UUID], key: str, now: datetime
) -> list[Outcome]:
    """Issue a coupon to each of a few members at once (at most 1 000); the same key again issues nothing.

    An outcome each, in order: `issued`, `repeated`, or why not. Raises `not_found`, and `coupon_not_open` (409).
    """
    if not 1 <= len(member_ids) <= MOST_AT_ONCE:
        raise invalid_field(
            "members", "out_of_range", f"1 到 {MOST_AT_ONCE} 名会员", f"1 to {MOST_AT_ONCE} members"
        )
    made = coupons.get_definition(brand_id=scope.brand_id, key=definition)
    if (why := coupons.why_not_claimable(made, "issue", now=now, tz=_timezone(scope), tiers={})) is not None:
        raise coupons.refusal(why, made)
    with transaction.atomic():
        with connection.cursor() as cursor:
            rows = states.lock(cursor, brand_id=scope.brand_id, member_ids=member_ids)
        active = [id_ for id_ in dict.fromkeys(member_ids) if id_ in rows and rows[id_].status == "active"]
        outcomes = {
            outcome.member_id: outcome
            for outcome in coupons.issue(
                brand_id=scope.brand_id,
                definition=definition,
                member_ids=active,
                now=now,
                source=f"issue:{key}",
                key=f"issue:{key}",
                persons=persons_of(made, active),
            )
        }
        issued = sum(outcome.result == "issued" for outcome in outcomes.values())
        if issued:
            _record(
                scope,
                "coupon.issued",
                "coupon_definition",
                definition,
                now,
                after={"definition": definition, "count": issued, "key": key},
            )
    nobody = UUID(int=0)
    return [outcomes.get(id_, Outcome(id_, nobody, "membership_not_active")) for id_ in member_ids]


def verify(
    *,
    scope: Scope,
    store_id: UUID | None,
    key: str,
    now: datetime,
    code: str = "",
    member_id: UUID | None = None,
    coupon_id: UUID | None = None,
    amount: int | None = None,
    order: str = "",
) -> Acted:
    """Use a coupon at a store without a cart 核销: by its code, or one of a member who is there (her pass was read).

    A code that nobody claimed yet is claimed for `member_id` first (`code_needs_member`, 409, without her). `amount` is
    what it took off, for budgets; the definition's `worth` if not given. Raises the reason codes of coupons, of
    budgets, `store_not_allowed`, and `idempotency_conflict` for the same key with another body.
    """
    scope.require_store(store_id)
    with transaction.atomic():
        holder, id_ = _whose(scope, code, member_id, coupon_id)
        her = _lock_member(scope, holder, now)
        if id_ is None:
            id_ = claim_code(
                scope=scope, member_id=holder, code=code, key=f"till:{key}", now=now
            ).held.coupon.id
        held = coupons.get_coupon(brand_id=scope.brand_id, member_id=holder, coupon_id=id_, for_update=True)
        worth = held.definition.worth if amount is None else amount
        body = [str(id_), str(store_id or ""), str(worth), order]
        if _claim_key(scope, "coupon_use", key, holder, id_, body):
            return Acted(held, repeated=True)
        refuse_shut(scope=scope, her=her, made=held.definition, store_id=store_id, now=now)
        (used,) = coupons.use(
            brand_id=scope.brand_id,
            member_id=holder,
            uses=[CouponUse(id_, order or f"verified:{key}", worth)],
            now=now,
            store_id=store_id,
            channel=STORE,
            actor=scope.actor.label,
        )
        refused = budgets.take(
            brand_id=scope.brand_id,
            takes=[
                Take(budget, worth, subject_of(id_), store_id) for budget in held.definition.budgets if worth
            ],
            now=now,
        )
        if refused:
            raise refused[0]
        _record(scope, "coupon.verified", "member", holder, now, after=_seen(used))
        return Acted(used)


def undo(
    *, scope: Scope, member_id: UUID, coupon_id: UUID, key: str, now: datetime, comment: str = ""
) -> Acted:
    """Take a store's verification back, within the definition's time, by whoever may act for that store.

    Later it takes the permission coupons.undo_late (403). Raises `coupon_not_verified` (409) for a coupon that is not
    used or was used in an order (which is returned instead). What budgets gave goes back to them exactly.
    """
    with transaction.atomic():
        _lock_member(scope, member_id, now, any_status=True)
        held = coupons.get_coupon(
            brand_id=scope.brand_id, member_id=member_id, coupon_id=coupon_id, for_update=True
        )
        if _claim_key(scope, "coupon_undo", key, member_id, coupon_id, [comment]):
            return Acted(held, repeated=True)
        coupon = held.coupon
        if coupon.state != "used" or coupon.channel != STORE or coupon.used_at is None:
            raise conflict(
                "coupon_not_verified",
                "该券不是在门店单独核销的，无法撤销",
                "This coupon was not verified at a store by itself",
                state=coupon.state,
            )
        scope.require_store(coupon.store_id)
        until = coupon.used_at + timedelta(minutes=held.definition.undo_minutes)
        if now > until and not scope.allows("coupons.undo_late"):
            raise forbidden("coupons.undo_late")
        (back,) = coupons.give_back(
            brand_id=scope.brand_id, member_id=member_id, coupon_ids=[coupon_id], now=now, undo=True
        )
        budgets.give_back(brand_id=scope.brand_id, subject=subject_of(coupon_id), now=now)
        _record(scope, "coupon.undone", "member", member_id, now, after={**_seen(held), "comment": comment})
        return Acted(back)


def void(*, scope: Scope, member_id: UUID, coupon_id: UUID, key: str, comment: str, now: datetime) -> Acted:
    """Make a coupon worthless that was not used. It counts in no limit any more. Raises `coupon_used` and so on."""
    if not comment.strip() or len(comment) > 500:
        raise invalid_field(
            "comment", "required", "请说明原因，最长 500 字", "say why, in at most 500 characters"
        )
    with transaction.atomic():
        _lock_member(scope, member_id, now, any_status=True)
        held = coupons.get_coupon(
            brand_id=scope.brand_id, member_id=member_id, coupon_id=coupon_id, for_update=True
        )
        if _claim_key(scope, "coupon_void", key, member_id, coupon_id, [comment]):
            return Acted(held, repeated=True)
        (gone,) = coupons.void(brand_id=scope.brand_id, member_id=member_id, coupon_ids=[coupon_id], now=now)
        _record(scope, "coupon.voided", "member", member_id, now, after={**_seen(gone), "comment": comment})
        return Acted(gone)


def accept_gift(*, scope: Scope, member_id: UUID, token: str, now: datetime) -> Held:
    """A member takes a gift; see `coupons.accept_gift`. Giver and taker are locked in the order of their ids."""
    with transaction.atomic():
        gift = coupons.find_gift(brand_id=scope.brand_id, token=token)
        with connection.cursor() as cursor:
            rows = states.lock(cursor, brand_id=scope.brand_id, member_ids={gift.giver_id, member_id})
        her = rows.get(member_id)
        if her is None:
            raise not_found(_MEMBER)
        if her.status != "active":
            raise not_active(her.status)
        return coupons.accept_gift(brand_id=scope.brand_id, taker_id=member_id, token=token, now=now)


def offer_gift(
    *, scope: Scope, member_id: UUID, coupon_id: UUID, message: str, key: str, now: datetime
) -> tuple[Gift, Held]:
    """A member gives a coupon away: the gift with its token, and the coupon, held meanwhile."""
    with transaction.atomic():
        _lock_member(scope, member_id, now)
        if _claim_key(scope, "coupon_gift", key, member_id, coupon_id, [str(coupon_id), message]):
            first = coupons.get_coupon(brand_id=scope.brand_id, member_id=member_id, coupon_id=coupon_id)
            hash_ = coupons.gift_hash_of(first.coupon)
            if hash_ is None:
                raise conflict("gift_gone", "这份转赠已被撤回或过期", "This gift was called back or is over")
            return coupons.list_gifts(brand_id=scope.brand_id, hashes=[hash_])[hash_], first
        gift, held = coupons.offer_gift(
            brand_id=scope.brand_id, member_id=member_id, coupon_id=coupon_id, message=message, now=now
        )
        return gift, held


def cancel_gift(*, scope: Scope, member_id: UUID, coupon_id: UUID, now: datetime) -> Held:
    """The giver keeps her coupon after all. Raises `gift_gone` (409) when somebody was faster."""
    with transaction.atomic():
        _lock_member(scope, member_id, now, any_status=True)
        return coupons.cancel_gift(brand_id=scope.brand_id, member_id=member_id, coupon_id=coupon_id, now=now)


def subject_of(coupon_id: UUID) -> str:
    """What budgets know a coupon's use without a cart by."""
    return f"coupon:{coupon_id}"


def persons_of(made: Definition, member_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """What else makes these members known, where the definition's limit asks."""
    return {} if made.limits.per_person is None else members.person_keys(member_ids=member_ids)


def _claim(
    scope: Scope,
    member_id: UUID,
    made: Definition,
    channel: str,
    key: str,
    source: str,
    now: datetime,
    her: Standing | None = None,
) -> Acted:
    with transaction.atomic():
        her = her or _lock_member(scope, member_id, now)
        id_ = coupons.issue_id(brand_id=scope.brand_id, definition=made.key, key=key, member_id=member_id)
        body = [made.key, str(member_id)]
        if channel == "portal" and _claim_key(scope, "coupon_claim", key, member_id, id_, body):
            held = coupons.get_coupon(brand_id=scope.brand_id, member_id=member_id, coupon_id=id_)
            return Acted(held, repeated=True)
        why = coupons.why_not_claimable(made, channel, now=now, tz=_timezone(scope), tiers=her.tiers)
        if why is not None:
            raise coupons.refusal(why, made)
        (outcome,) = coupons.issue(
            brand_id=scope.brand_id,
            definition=made.key,
            member_ids=[member_id],
            now=now,
            source=source,
            key=key,
            persons=persons_of(made, [member_id]),
        )
        if outcome.result not in ("issued", "repeated"):
            raise coupons.refusal(outcome.result, made)
        held = coupons.get_coupon(brand_id=scope.brand_id, member_id=member_id, coupon_id=outcome.coupon_id)
        return Acted(held, repeated=outcome.result == "repeated")


def _whose(
    scope: Scope, code: str, member_id: UUID | None, coupon_id: UUID | None
) -> tuple[UUID, UUID | None]:
    """The member, and her coupon unless the code is still to be claimed."""
    if not code:
        if member_id is None or coupon_id is None:
            raise invalid_field("code", "required", "请提供券码", "Give the coupon's code")
        return member_id, coupon_id
    row = coupons.find_code(brand_id=scope.brand_id, code=code)
    if row.state == "bound" and row.holder_id is not None:
        if member_id is not None and member_id != row.holder_id:
            raise conflict("code_of_another", "该券属于另一位会员", "This coupon is another member's")
        return row.holder_id, row.coupon_id
    if row.state != "open":
        _require_free(row)
    if member_id is None:
        raise conflict(
            "code_needs_member",
            "该券码尚未领取，请先识别会员",
            "Nobody has claimed this code yet; say which member brings it",
        )
    return member_id, None


def _require_free(row: CodeRow) -> None:
    if row.state == "reserved":
        raise conflict("code_reserved", "该券码尚未启用", "This code is kept back")
    if row.state == "void":
        raise conflict("code_void", "该券码已作废", "This code is void")
    if row.state != "free":
        raise conflict("code_used", "该券码已被使用", "This code was used already")


def _lock_member(scope: Scope, member_id: UUID, now: datetime, *, any_status: bool = False) -> Standing:
    her = standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
    if not any_status and not her.is_active:
        raise not_active(her.row.status)
    return her


def _claim_key(
    scope: Scope, kind: str, key: str, member_id: UUID, subject_id: UUID, body: Sequence[str]
) -> bool:
    """Whether the key was used before for the same; another body is a conflict."""
    first = activities.claim(
        brand_id=scope.brand_id, kind=kind, key=key, member_id=member_id, subject_id=subject_id, body=body
    )
    return first is not None


def _is_same_request(scope: Scope, held: Held, key: str) -> bool:
    """Whether a code's claim comes again under the key it was made with; notes the key of a first one."""
    return _claim_key(scope, "coupon_code", key, held.coupon.member_id, held.coupon.id, [str(held.coupon.id)])


def _timezone(scope: Scope) -> str:
    return organisations.get_brand(brand_id=scope.brand_id).timezone


def _seen(held: Held) -> dict[str, Any]:
    coupon = held.coupon
    return {
        "coupon": str(coupon.id),
        "definition": coupon.definition,
        "state": coupon.state,
        "store": str(coupon.store_id) if coupon.store_id else None,
        "amount": coupon.amount,
    }


def _record(
    scope: Scope, action: str, kind: str, subject: UUID | str, now: datetime, *, after: dict[str, Any]
) -> None:
    if scope.actor.kind == "member":
        return
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type=kind,
        subject_id=subject,
        after=after,
        now=now,
    )
