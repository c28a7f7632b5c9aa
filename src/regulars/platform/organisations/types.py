"""Who a request acts for: organisation, brand, stores, and what the actor may do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from regulars.kit.errors import Refusal, forbidden
from regulars.kit.text import Text

ActorKind = Literal["staff", "api_key", "member", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as the audit log keeps it. `label` is a name for people, never a secret."""

    kind: ActorKind
    id: UUID | None
    label: str


SYSTEM = Actor(kind="system", id=None, label="system")


@dataclass(frozen=True, slots=True)
class Scope:
    """The tenant a caller works in. Every query below the surfaces takes its ids from here and nowhere else.

    `store_ids` limits an actor to these stores; None means all of the brand's.
    `test_mode` is true for test API keys: what they write is rolled back when it has been answered.
    """

    organisation_id: UUID
    brand_id: UUID
    actor: Actor
    permissions: frozenset[str]
    store_ids: frozenset[UUID] | None = None
    test_mode: bool = False

    def require(self, permission: str) -> None:
        """Raises the 403 refusal that names the permission."""
        if permission not in self.permissions:
            raise forbidden(permission)

    def allows(self, permission: str) -> bool:
        return permission in self.permissions

    def require_store(self, store_id: UUID | None) -> None:
        """Refuse an act at a store outside the actor's stores (and storeless acts by store-bound staff)."""
        if self.store_ids is not None and store_id not in self.store_ids:
            raise Refusal(
                "store_not_allowed",
                Text("您无权操作该门店", "You may not act for this store"),
                status=403,
            )


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand runs one programme. Time and money rules of the programme are the brand's."""

    id: UUID
    organisation_id: UUID
    slug: str
    name: Text
    currency: str
    timezone: str
    theme: dict[str, str]
    is_demo: bool
    words: dict[str, str] = field(default_factory=dict)
    logo_file_id: UUID | None = None
    consent_version: str = "1"
    consent: Text = field(default_factory=lambda: Text("", ""))


@dataclass(frozen=True, slots=True)
class Organisation:
    id: UUID
    name: Text


@dataclass(frozen=True, slots=True)
class Region:
    id: UUID
    brand_id: UUID
    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class Store:
    """`region` is the region's code, or empty; `code` is the store's name towards tills and files."""

    id: UUID
    brand_id: UUID
    code: str
    name: Text
    region: str
    is_open: bool
    region_id: UUID | None = None
    city: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewStore:
    """What a store is made of. `region` is the code of an existing region, or empty."""

    code: str
    name: Text
    region: str = ""
    city: str = ""
    is_open: bool = True
    tags: tuple[str, ...] = ()
