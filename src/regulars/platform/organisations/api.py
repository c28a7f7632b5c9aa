"""Door: organisations, their brands, regions and stores. Writes are audited here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from regulars.kit.errors import ErrorList, conflict, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import models, policy, store
from regulars.platform.organisations.types import SYSTEM, Actor, Brand, NewStore, Organisation, Region, Store

_BRAND = Text("品牌", "Brand")
_STORE = Text("门店", "Store")
_TEXTS = {"name": ("name_zh", "name_en"), "consent": ("consent_zh", "consent_en")}


def create_organisation(*, name: Text, now: datetime, actor: Actor = SYSTEM) -> Organisation:
    """A new tenant, without brands and staff."""
    errors = ErrorList()
    policy.check_name(errors, "name", name)
    errors.refuse()
    with transaction.atomic():
        row = models.Organisation(id=new_id(), name_zh=name.zh, name_en=name.en, created_at=now)
        row.save(force_insert=True)
        audit.record(
            organisation_id=row.id,
            actor=actor,
            action="organisation.create",
            subject_type="organisation",
            subject_id=row.id,
            after={"name": name.to_json()},
            now=now,
        )
    return store.organisation_of(row)


def list_organisations() -> list[Organisation]:
    return [store.organisation_of(row) for row in models.Organisation.objects.order_by("id")]


def create_brand(
    *,
    organisation_id: UUID,
    slug: str,
    name: Text,
    now: datetime,
    currency: str = "CNY",
    timezone: str = "Asia/Shanghai",
    theme: Mapping[str, str] | None = None,
    words: Mapping[str, str] | None = None,
    is_demo: bool = False,
    consent_version: str = "1",
    consent: Text | None = None,
    actor: Actor = SYSTEM,
) -> Brand:
    """A new brand. Raises `invalid_input`, or `slug_taken` (409): slugs are unique over the installation."""
    errors = ErrorList()
    policy.check_brand(
        errors,
        slug=slug,
        name=name,
        currency=currency,
        timezone=timezone,
        theme=theme or {},
        words=words or {},
    )
    errors.refuse()
    consent = consent or Text("", "")
    with transaction.atomic():
        row = models.Brand(
            id=new_id(),
            organisation_id=organisation_id,
            slug=slug,
            name_zh=name.zh,
            name_en=name.en,
            currency=currency,
            timezone=timezone,
            theme=dict(theme or {}),
            words=dict(words or {}),
            is_demo=is_demo,
            consent_version=consent_version,
            consent_zh=consent.zh,
            consent_en=consent.en,
            created_at=now,
            updated_at=now,
        )
        store.insert_brand(row)
        brand = store.brand_of(row)
        _audit_brand(brand, actor, "brand.create", {}, {"slug": slug, "currency": currency}, now)
    return brand


def update_brand(
    *, brand_id: UUID, changes: Mapping[str, Any], now: datetime, actor: Actor = SYSTEM
) -> Brand:
    """Change some of: name (Text), theme, words, logo_file_id, consent (Text), consent_version, timezone.

    Currency and slug stay: the ledger's amounts and people's bookmarks depend on them.
    """
    allowed = {"name", "theme", "words", "logo_file_id", "consent", "consent_version", "timezone"}
    errors = ErrorList()
    for field in changes.keys() - allowed:
        errors.add(field, "not_changeable", "该字段不可修改", "This cannot be changed")
    errors.refuse()
    with transaction.atomic():
        row = models.Brand.objects.select_for_update().filter(id=brand_id).first()
        if row is None:
            raise not_found(_BRAND)
        before: dict[str, Any] = {}
        for field, value in changes.items():
            for column, part in _columns(field, value):
                before[column] = getattr(row, column)
                setattr(row, column, part)
        policy.check_brand(
            errors,
            slug=row.slug,
            name=Text(row.name_zh, row.name_en),
            currency=row.currency,
            timezone=row.timezone,
            theme=row.theme,
            words=row.words,
        )
        errors.refuse()
        row.updated_at = now
        row.save()
        brand = store.brand_of(row)
        after = {column: getattr(row, column) for column in before}
        _audit_brand(brand, actor, "brand.update", before, after, now)
    store.forget_brand(brand)
    return brand


def get_brand(*, brand_id: UUID) -> Brand:
    """The brand, at most a second old. Raises `not_found`."""
    brand = store.read_brand(brand_id)
    if brand is None:
        raise not_found(_BRAND)
    return brand


def find_brand(*, slug_or_id: str) -> Brand | None:
    """The brand of a slug or of an id written as text."""
    try:
        return store.read_brand(UUID(slug_or_id))
    except ValueError:
        return store.read_brand(slug_or_id) if len(slug_or_id) <= 40 else None


def list_brands(*, organisation_id: UUID | None = None) -> list[Brand]:
    """All brands of an organisation, or of the installation for due work."""
    rows = models.Brand.objects.order_by("organisation_id", "id")
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    return [store.brand_of(row) for row in rows]


def create_region(*, brand_id: UUID, code: str, name: Text, now: datetime, actor: Actor = SYSTEM) -> Region:
    errors = ErrorList()
    policy.check_code(errors, "code", code)
    policy.check_name(errors, "name", name)
    errors.refuse()
    brand = get_brand(brand_id=brand_id)
    row = models.Region(id=new_id(), brand_id=brand_id, code=code, name_zh=name.zh, name_en=name.en)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            store.moved(brand_id)
            _audit_brand(brand, actor, "region.create", {}, {"code": code, "name": name.to_json()}, now)
    except IntegrityError as error:
        raise conflict("code_taken", "该区域编码已存在", "This region code is taken", taken=code) from error
    return store.region_of(row)


def list_regions(*, brand_id: UUID) -> list[Region]:
    rows = models.Region.objects.filter(brand_id=brand_id).order_by("code")
    return [store.region_of(row) for row in rows]


def put_stores(
    *, brand_id: UUID, stores: Sequence[NewStore], now: datetime, actor: Actor = SYSTEM
) -> Mapping[str, Store]:
    """Add stores, or change those whose code exists, all in one statement; gives the brand's whole map."""
    errors = ErrorList()
    codes: set[str] = set()
    for number, new in enumerate(stores):
        policy.check_code(errors, f"stores[{number}].code", new.code)
        policy.check_name(errors, f"stores[{number}].name", new.name)
        if new.code in codes:
            errors.add(f"stores[{number}].code", "duplicate", "编码重复", "This code comes twice")
        codes.add(new.code)
    errors.refuse()
    brand = get_brand(brand_id=brand_id)
    if stores:
        before = stores_of(brand_id=brand_id, codes=codes)
        with transaction.atomic():
            store.upsert_stores(brand_id, list(stores), now)
            audit.record_many(
                [
                    audit.entry(
                        organisation_id=brand.organisation_id,
                        brand_id=brand_id,
                        actor=actor,
                        action="store.update" if new.code in before else "store.create",
                        subject_type="store",
                        subject_id=new.code,
                        before=_store_json(before.get(new.code)),
                        after=_store_json(new),
                        now=now,
                    )
                    for new in stores
                ]
            )
    return stores_of(brand_id=brand_id, codes=codes)


def stores_of(*, brand_id: UUID, codes: Iterable[str] = ()) -> Mapping[str, Store]:
    """Code → store, from memory on the hot path.

    At most a second behind writes of other processes. Pass the `codes` about to be looked up: if the cached
    map lacks one of them it is checked against the database at once, so a new store is never refused.
    """
    return store.read_stores(brand_id, codes)


def get_store(*, brand_id: UUID, store_id: UUID) -> Store:
    """Raises `not_found`, for another brand's store too."""
    row = models.Store.objects.select_related("region").filter(brand_id=brand_id, id=store_id).first()
    if row is None:
        raise not_found(_STORE)
    return store.store_of(row)


def list_stores(*, brand_id: UUID, region_ids: Iterable[UUID] | None = None) -> list[Store]:
    """The brand's stores by code, of some regions only if asked."""
    rows = models.Store.objects.filter(brand_id=brand_id).select_related("region").order_by("code")
    if region_ids is not None:
        rows = rows.filter(region_id__in=list(region_ids))
    return [store.store_of(row) for row in rows]


def _columns(field: str, value: Any) -> list[tuple[str, Any]]:
    if field in _TEXTS:
        zh, en = _TEXTS[field]
        return [(zh, value.zh), (en, value.en)]
    return [(field, dict(value) if field in ("theme", "words") else value)]


def _store_json(given: NewStore | Store | None) -> dict[str, Any]:
    if given is None:
        return {}
    return {
        "name": given.name.to_json(),
        "region": given.region,
        "city": given.city,
        "is_open": given.is_open,
        "tags": list(given.tags),
    }


def _audit_brand(
    brand: Brand, actor: Actor, action: str, before: dict[str, Any], after: dict[str, Any], now: datetime
) -> None:
    audit.record(
        organisation_id=brand.organisation_id,
        brand_id=brand.id,
        actor=actor,
        action=action,
        subject_type=action.partition(".")[0],
        subject_id=after.get("code", brand.id),
        before=before,
        after=after,
        now=now,
    )
