"""Her stored value, packages, gift cards and stamps as the portal's pages get them. Texts are in her language."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from regulars.surfaces.portal.shapes import Given

RequestKey = Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[\x20-\x7e]+$")]
MemberCode = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Message = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class PrepaidUnitOut(Schema):
    """`money`: amounts are minor units of the currency. `gives`: she may give some of it to others."""

    unit: str
    name: str
    kind: str
    money: bool
    available: int
    gives: bool


class RungOut(Schema):
    """Pay `pay`, get `bonus` more; `also` says what else."""

    pay: int
    bonus: int
    also: list[str]


class LadderOut(Schema):
    """`open`: any amount from the lowest rung on. `online`: it is sold here as well as at stores."""

    key: str
    name: str
    rungs: list[RungOut]
    open: bool
    online: bool


class UseOut(Schema):
    sessions: int
    service: str
    store: str | None
    missed: bool
    used_at: datetime
    undone: bool


class BookableOut(Schema):
    """A service that can be booked with a package's sessions."""

    key: str
    name: str


class PackageOut(Schema):
    """`state`: active, frozen, used_up, expired, transferred or refunded; it is good up to and including `last_day`.

    `services` names what it is good for, where the names are known; `bookable` can be booked with its sessions.
    """

    id: UUID
    name: str
    state: str
    state_name: str
    sessions: int
    left: int
    last_day: date | None
    frozen_until: datetime | None
    transferable: bool
    services: list[str]
    bookable: list[BookableOut]
    uses: list[UseOut]


class GiftCardOut(Schema):
    id: UUID
    name: str
    design: str
    ending: str
    face: int
    left: int
    last_day: date | None


class StampCardOut(Schema):
    """`mine`: she may exchange it herself; else a store does."""

    key: str
    name: str
    stamps: int
    has: int
    full: bool
    mine: bool


class TopUpOut(Schema):
    id: UUID
    paid: int
    bonus: int
    given_back: int
    created_at: datetime


class GivenOut(Schema):
    direction: str
    what: str
    unit_name: str
    amount: int
    message: str
    created_at: datetime


class GivingOut(Schema):
    """What the brand allows; `left_today` is None without a limit."""

    enabled: bool
    least: int
    left_today: dict[str, int | None]


class WalletOut(Schema):
    """Everything prepaid that she has, newest first (50 of each at most), and what is on sale."""

    currency: str
    units: list[PrepaidUnitOut]
    packages: list[PackageOut]
    cards: list[GiftCardOut]
    stamp_cards: list[StampCardOut]
    top_ups: list[TopUpOut]
    transfers: list[GivenOut]
    ladders: list[LadderOut]
    giving: GivingOut


class ClaimIn(Given):
    """The number may be typed with spaces or dashes."""

    number: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
    pin: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
    key: RequestKey


class GiveIn(Given):
    """`to` is the member code of the receiver."""

    to: MemberCode
    message: Message = ""
    key: RequestKey


class TransferIn(GiveIn):
    unit: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
    amount: Annotated[int, Field(ge=1, le=10**12)]


class RedeemIn(Given):
    key: RequestKey


class HouseholdMemberOut(Schema):
    code: str
    name: str
    since: datetime


class HouseholdOut(Schema):
    """`heads`: she is the head, and the members may draw `units` of hers; else she may draw of the head's.

    `head` is the head's code; null where she is in no household and heads none.
    """

    enabled: bool
    most: int
    units: list[str]
    heads: bool
    head: str | None
    members: list[HouseholdMemberOut]


class HouseholdMemberIn(Given):
    """The code of the member who shall draw of hers."""

    code: MemberCode


class DrawIn(Given):
    unit: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
    amount: Annotated[int, Field(ge=1, le=10**12)]
    key: RequestKey
