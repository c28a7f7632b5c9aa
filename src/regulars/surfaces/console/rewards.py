"""The catalogue of the rewards mall: list, editing, stock, codes, pictures, the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any, BinaryIO, cast

from django.http import FileResponse, HttpRequest, HttpResponseBase
from ninja import File, Query, Router
from ninja.files import UploadedFile

from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.money import show as show_money
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.files import api as files
from regulars.platform.organisations.types import Scope
from regulars.programme.rules import api as rules
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.bodies import Day
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.mall import (
    CatalogueOut,
    CodesOut,
    ItemCodesIn,
    ItemDefinitionIn,
    ItemStateIn,
    MallChoicesOut,
    ReportOut,
    RewardOut,
    StockIn,
    TurnoverOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, TextIO
from regulars.surfaces.console.sheets import Format, sheet
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import (
    ADVICES,
    FULFILMENTS,
    KINDS,
    PERIODS,
    REDEMPTION_STATES,
    STATES,
    Reward,
    Turnover,
)

router = Router(tags=["Rewards"])
_COLUMNS = (
    Text("商品", "Reward"), Text("名称", "Name"), Text("分类", "Category"), Text("状态", "State"),
    Text("兑换件数", "Pieces"), Text("订单", "Orders"), Text("会员", "Members"), Text("消耗", "Points"),
    Text("现金（分）", "Cash (minor units)"), Text("取消与过期", "Cancelled or expired"),
    Text("近 28 天件数", "Pieces in 28 days"), Text("最近兑换", "Last redeemed"), Text("库存", "Stock"),
    Text("剩余", "Left"), Text("售罄率 %", "Sell-through %"), Text("可售天数", "Days of stock left"),
    Text("建议", "Advice"),
)  # fmt: skip


@router.get("/rewards", response=CatalogueOut, **needs("rewards.read"))
def list_rewards(
    request: HttpRequest,
    state: Annotated[str | None, Query(max_length=20)] = None,
    category: Annotated[str | None, Query(max_length=40)] = None,
) -> Any:
    """The catalogue in its order, with how many rewards there are in each state."""
    scope, naming = _asked(request)
    found = rewards.list_rewards(scope=scope, now=naming.now, category=category or None)
    counts = dict.fromkeys(STATES, 0)
    for reward in found:
        counts[reward.state] += 1
    return CatalogueOut(
        items=[reward_out(naming, r) for r in found if not state or r.state == state], counts=counts
    )


@router.get("/rewards/choices", response=MallChoicesOut, **needs("rewards.read"))
def get_choices(request: HttpRequest) -> Any:
    """What the forms of a reward offer."""
    scope, naming = _asked(request)
    found = rewards.list_rewards(scope=scope, now=naming.now)

    def of(words: dict[str, Text]) -> list[ChoiceOut]:
        return [ChoiceOut(value=code, label=naming.label(text)) for code, text in words.items()]

    units = naming.programme.units.values() if naming.programme else ()
    return MallChoicesOut(
        kinds=of(KINDS),
        states=of(STATES),
        fulfilments=of(FULFILMENTS),
        periods=of(PERIODS),
        units=[ChoiceOut(value=u.code, label=naming.say(u.name)) for u in units if u.can_burn],
        stores=[
            ChoiceOut(value=s.code, label=naming.say(s.name))
            for s in sorted(naming.stores.values(), key=lambda s: s.code)
        ],
        categories=sorted({r.terms.category for r in found if r.terms.category}),
        order_states=of(REDEMPTION_STATES),
        conditions=rules.standing_schema(naming.programme, naming.language) if naming.programme else {},
    )


@router.get("/rewards/report", response=ReportOut, **needs("rewards.read"))
def get_report(request: HttpRequest, since: Day | None = None, until: Day | None = None) -> Any:
    """What is redeemed, what lies still, what to do: business days [since, until]; the last 28 if not given."""
    scope, naming = _asked(request)
    first, last, found = _report(scope, naming, since, until)
    return ReportOut(since=first, until=last, items=[_turnover(naming, row) for row in found])


@router.get("/rewards/report/export", include_in_schema=False, **needs("rewards.read"))
def export_report(
    request: HttpRequest, since: Day | None = None, until: Day | None = None, format: Format = "csv"
) -> HttpResponseBase:
    """The report as a file."""
    scope, naming = _asked(request)
    _, _, found = _report(scope, naming, since, until)

    def rows() -> Iterator[list[Any]]:
        for row in (_turnover(naming, one) for one in found):
            yield [
                row.key, row.name, row.category, naming.say(STATES[row.state]), row.quantity, row.orders, row.members,
                row.points, row.cash, row.cancelled, row.recent, row.last_at, row.stock, row.left, row.sell_through,
                row.days_left, row.advice_name,
            ]  # fmt: skip

    return sheet(
        name=f"rewards-{naming.brand.slug}-{naming.now:%Y%m%d}",
        header=[naming.say(text) for text in _COLUMNS],
        rows=rows(),
        format_=format,
        timezone=naming.brand.timezone,
    )


@router.get("/rewards/{key}", response=RewardOut, **needs("rewards.read"))
def get_reward(request: HttpRequest, key: Code) -> Any:
    """One reward."""
    scope, naming = _asked(request)
    return reward_out(naming, rewards.get_reward(scope=scope, key=key, now=naming.now))


@router.put("/rewards/{key}", response=RewardOut, **needs("rewards.write"))
def put_reward(request: HttpRequest, key: Code, given: ItemDefinitionIn) -> Any:
    """Add a reward, or change the one of this key."""
    scope, naming = _asked(request)
    definition = {**given.definition, "key": key}
    return reward_out(naming, rewards.apply_definition(scope=scope, definition=definition, now=naming.now))


@router.post("/rewards/{key}/state", response=RewardOut, **needs("rewards.write"))
def set_state(request: HttpRequest, key: Code, given: ItemStateIn) -> Any:
    """Put it on offer, pause it, end it."""
    scope, naming = _asked(request)
    return reward_out(naming, rewards.set_state(scope=scope, key=key, state=given.state, now=naming.now))


@router.put("/rewards/{key}/stock", response=RewardOut, **needs("rewards.write"))
def set_stock(request: HttpRequest, key: Code, given: StockIn) -> Any:
    """Say how many there ever were. 409 `stock_below_taken`."""
    scope, naming = _asked(request)
    return reward_out(
        naming, rewards.set_stock(scope=scope, key=key, stock_total=given.stock, now=naming.now)
    )


@router.post("/rewards/{key}/codes", response=CodesOut, **needs("rewards.write"))
def import_codes(request: HttpRequest, key: Code, given: ItemCodesIn) -> Any:
    """Add virtual codes, one a line; those that are there already are not added again."""
    scope, naming = _asked(request)
    codes = [line.strip() for line in given.codes.splitlines() if line.strip()]
    made = rewards.import_codes(scope=scope, key=key, codes=codes, now=naming.now)
    return CodesOut(added=made.added, duplicates=made.duplicates)


@router.post("/rewards/{key}/picture", response=RewardOut, **needs("rewards.write"))
def set_picture(request: HttpRequest, key: Code, file: File[UploadedFile]) -> Any:
    """A picture: PNG, JPEG or WebP, at most 2 MB."""
    scope, naming = _asked(request)
    kept = rewards.set_picture(
        scope=scope,
        key=key,
        name=file.name or "picture",
        source=cast(BinaryIO, file.file),
        now=naming.now,
    )
    return reward_out(naming, kept)


@router.get("/rewards/{key}/picture", include_in_schema=False, **needs("rewards.read"))
def get_picture(request: HttpRequest, key: Code) -> HttpResponseBase:
    """The reward's picture."""
    scope, naming = _asked(request)
    reward = rewards.get_reward(scope=scope, key=key, now=naming.now)
    if reward.picture_id is None:
        raise not_found(Text("图片", "Picture"))
    found = files.get_file(organisation_id=scope.organisation_id, file_id=reward.picture_id)
    path = files.path_of(organisation_id=scope.organisation_id, file_id=found.id)
    return FileResponse(path.open("rb"), content_type=found.media_type)


def reward_out(naming: Naming, reward: Reward) -> RewardOut:
    """A reward with the words for its codes."""
    terms = reward.terms
    condition = Text("", "")
    if naming.programme and terms.condition:
        condition = rules.describe_standing(naming.programme, terms.condition)
    parts = []
    if terms.price:
        parts.append(f"{terms.price:,} {naming.unit(terms.unit)}")
    if terms.cash:
        parts.append(show_money(terms.cash, naming.brand.currency))
    released = reward.released_left
    if released is None and terms.release is not None:
        released = terms.release.count
    return RewardOut(
        key=terms.key,
        state=reward.state,
        state_name=naming.say(STATES[reward.state]),
        kind=terms.kind,
        kind_name=naming.say(KINDS[terms.kind]),
        name=naming.say(terms.name),
        names=TextIO.of(terms.name),
        category=naming.say(terms.category_text),
        unit=terms.unit,
        unit_name=naming.unit(terms.unit),
        points=terms.price,
        cash=terms.cash,
        price=" + ".join(parts) or naming.say(Text("免费", "Free")),
        fulfilment=terms.fulfilment,
        fulfilment_name=naming.say(FULFILMENTS[terms.fulfilment]),
        condition=naming.say(condition),
        stock=reward.stock,
        left=reward.left,
        released_left=released,
        has_picture=reward.picture_id is not None,
        on_offer_since=reward.on_offer_since,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        definition=dict(reward.definition),
        created_at=reward.created_at,
        updated_at=reward.updated_at,
    )


def _asked(request: HttpRequest) -> tuple[Scope, Naming]:
    scope = scope_of(request)
    return scope, Naming(scope, language(request), clock.now())


def _report(
    scope: Scope, naming: Naming, since: date | None, until: date | None
) -> tuple[date, date, list[Turnover]]:
    timezone, now = naming.brand.timezone, naming.now
    last = until or now.astimezone(zone(timezone)).date()
    first = since or last - timedelta(days=27)
    found = rewards.report(
        scope=scope,
        since=_start(first, timezone),
        until=_start(last + timedelta(days=1), timezone),
        now=now,
    )
    return first, last, found


def _start(day: date, timezone: str) -> datetime:
    return start_of_day(day, timezone)


def _turnover(naming: Naming, row: Turnover) -> TurnoverOut:
    terms = row.reward.terms
    return TurnoverOut(
        key=terms.key,
        name=naming.say(terms.name),
        category=naming.say(terms.category_text),
        state=row.reward.state,
        quantity=row.quantity,
        orders=row.orders,
        members=row.members,
        points=row.points,
        cash=row.cash,
        cancelled=row.cancelled,
        recent=row.recent,
        last_at=row.last_at,
        stock=row.reward.stock,
        left=row.reward.left,
        sell_through=row.sell_through,
        days_left=row.days_left,
        advice=row.advice,
        advice_name=naming.say(ADVICES[row.advice]),
    )
