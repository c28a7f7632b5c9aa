"""regulars reconcile"""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

import typer

from regulars.project.plainly import PlainError, say

_MOST = 100_000
_LAWS = {
    "entries_available": ("分录合计≠可用余额", "entries ≠ available"),
    "entries_pending": ("分录合计≠待生效余额", "entries ≠ pending"),
    "entries_held": ("分录合计≠冻结余额", "entries ≠ held"),
    "entries_debt": ("分录合计≠欠分", "entries ≠ debt"),
    "lots_available": ("批次合计≠可用余额", "lots ≠ available"),
    "lots_pending": ("批次合计≠待生效余额", "lots ≠ pending"),
    "lots_held": ("批次合计≠冻结余额", "lots ≠ held"),
    "closed_lots_hold_value": ("已关闭批次仍有余额", "closed lots hold value"),
    "holds": ("冻结单合计≠冻结余额", "holds ≠ held"),
    "gift_cards": ("已绑定礼品卡面值≠账本入账", "claimed gift cards ≠ what the ledger had of them"),
    "commission_frozen": ("佣金分录合计≠冻结佣金", "commission entries ≠ frozen"),
    "commission_open": ("佣金分录合计≠可结算佣金", "commission entries ≠ open"),
    "commission_confirmed": ("佣金分录合计≠待付佣金", "commission entries ≠ confirmed"),
    "commission_paid": ("佣金分录合计≠已付佣金", "commission entries ≠ paid"),
    "commission_orders": ("佣金分录合计≠订单佣金", "commission entries ≠ orders' commission"),
    "commission_statements": ("结算分录合计≠结算单应付", "settled entries ≠ statements' payouts"),
    "programme_total": ("会员持有合计≠项目侧合计", "held by members ≠ programme side"),
}


def run(
    brand: Annotated[str, typer.Option(help="Only this brand's books (its slug)")] = "",
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """Prove that entries, balances and lots agree for every member, and the totals of every programme.

    Prints each difference with its member's code; exits with 1 when there is one.
    """
    from regulars.project.opening import open_project

    with open_project(database_url=database_url or None):
        differences = _reconcile(brand)
    if differences:
        raise typer.Exit(1)


def _reconcile(slug: str) -> int:
    from regulars.engage.referrals import api as referrals
    from regulars.flows.prepaid import api as prepaid
    from regulars.platform.organisations import api as organisations
    from regulars.value.ledger import api as ledger

    only = organisations.find_brand(slug_or_id=slug) if slug else None
    if slug and only is None:
        raise PlainError(zh=f"没有品牌 {slug}。", en=f"There is no brand {slug}.")
    brand_id = only.id if only else None
    began = time.perf_counter()
    found: list[Any] = [
        *ledger.reconcile_books(brand_id=brand_id, limit=_MOST),
        *prepaid.card_differences(brand_id=brand_id),
        *referrals.commission_differences(brand_id=brand_id),
    ]
    totals = ledger.programme_totals(brand_id=brand_id)
    seconds = time.perf_counter() - began
    slugs = {one.id: one.slug for one in organisations.list_brands()}
    for brand, unit, held, issued, by_account in totals:
        accounts = ", ".join(f"{account} {amount:+,}" for account, amount in sorted(by_account.items()))
        slug = slugs.get(brand, str(brand))
        print(
            say(
                zh=f"{slug} · {unit}：会员持有 {held:,} = 项目侧 {issued:,}（{accounts}）",
                en=f"{slug} · {unit}: held by members {held:,}, programme side {issued:,} ({accounts})",
            )
        )
    _print_differences(found, slugs)
    print(
        say(
            zh=f"差异 {len(found)} 处{'以上' if len(found) >= _MOST else ''}，用时 {seconds:.2f} 秒。",
            en=f"{len(found)}{' or more' if len(found) >= _MOST else ''} differences, {seconds:.2f} s.",
        )
    )
    return len(found)


def _print_differences(found: list[Any], slugs: dict[UUID, str]) -> None:
    codes: dict[tuple[UUID, UUID], str] = {}
    for brand in {one.brand_id for one in found}:
        ids = {one.member_id for one in found if one.brand_id == brand and one.member_id is not None}
        codes.update({(brand, id_): code for id_, code in _codes(brand, ids).items()})
    for one in found:
        zh, en = _LAWS.get(one.what, (one.what, one.what))
        who = codes.get((one.brand_id, one.member_id), one.member_id) if one.member_id else "–"
        print(
            say(
                zh=f"  {slugs.get(one.brand_id, one.brand_id)} · {who} · {one.unit}：{zh}，应为 {one.expected:,}，"
                f"实为 {one.found:,}",
                en=f"  {slugs.get(one.brand_id, one.brand_id)} · {who} · {one.unit}: {en}, "
                f"{one.expected:,} expected, {one.found:,} found",
            )
        )


def _codes(brand_id: UUID, member_ids: set[UUID]) -> dict[UUID, str]:
    """Member codes; who is no member of the brand keeps her id."""
    from regulars.facts.members import api as members
    from regulars.flows import due
    from regulars.platform.organisations import api as organisations

    if not member_ids:
        return {}
    scope = due.system_scope(organisations.get_brand(brand_id=brand_id))
    named = members.names_of(scope=scope, member_ids=member_ids)
    return {member_id: code for member_id, (code, _) in named.items()}
