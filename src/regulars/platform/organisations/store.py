"""Every query of organisations, brands, regions and stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Lock
from time import monotonic
from types import MappingProxyType
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from regulars.kit.errors import conflict, invalid_field
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import models, types

_FRESH_SECONDS = 1.0
_lock = Lock()
_brands: dict[UUID | str, tuple[float, types.Brand]] = {}
_stores: dict[UUID, tuple[float, UUID, Mapping[str, types.Store]]] = {}


def organisation_of(row: models.Organisation) -> types.Organisation:
    return types.Organisation(id=row.id, name=Text(row.name_zh, row.name_en))


def brand_of(row: models.Brand) -> types.Brand:
    return types.Brand(
        id=row.id,
        organisation_id=row.organisation_id,
        slug=row.slug,
        name=Text(row.name_zh, row.name_en),
        currency=row.currency,
        timezone=row.timezone,
        theme=row.theme,
        is_demo=row.is_demo,
        words=row.words,
        logo_file_id=row.logo_file_id,
        consent_version=row.consent_version,
        consent=Text(row.consent_zh, row.consent_en),
    )


def region_of(row: models.Region) -> types.Region:
    return types.Region(id=row.id, brand_id=row.brand_id, code=row.code, name=Text(row.name_zh, row.name_en))


def store_of(row: models.Store) -> types.Store:
    return types.Store(
        id=row.id,
        brand_id=row.brand_id,
        code=row.code,
        name=Text(row.name_zh, row.name_en),
        region=row.region.code if row.region else "",
        is_open=row.is_open,
        region_id=row.region_id,
        city=row.city,
        tags=tuple(row.tags),
    )


def read_brand(key: UUID | str) -> types.Brand | None:
    """A brand by id or slug, at most a second old."""
    held = _brands.get(key)
    if held and monotonic() - held[0] < _FRESH_SECONDS:
        return held[1]
    asked = monotonic()
    by = {"id": key} if isinstance(key, UUID) else {"slug": key}
    row = models.Brand.objects.filter(**by).first()
    if row is None:
        _brands.pop(key, None)
        return None
    brand = brand_of(row)
    _brands[brand.id] = (asked, brand)
    if not connection.in_atomic_block:
        # A brand made in this transaction may be rolled back, and its slug be given to another.
        _brands[brand.slug] = (asked, brand)
    return brand


def forget_brand(brand: types.Brand) -> None:
    _brands.pop(brand.id, None)
    _brands.pop(brand.slug, None)


def read_stores(brand_id: UUID, codes: Iterable[str]) -> Mapping[str, types.Store]:
    """The cached map, re-read when it is a second old or lacks one of `codes`, and only if the version moved."""
    held = _stores.get(brand_id)
    if held and monotonic() - held[0] < _FRESH_SECONDS and all(code in held[2] for code in codes):
        return held[2]
    asked = monotonic()
    # The version is read before the rows: rows newer than it only cause one more reading later.
    version = models.Brand.objects.filter(id=brand_id).values_list("stores_version", flat=True).first()
    if version is None:
        return MappingProxyType({})
    if held and held[1] == version:
        found = held[2]
    else:
        rows = models.Store.objects.filter(brand_id=brand_id).select_related("region").order_by("code")
        found = MappingProxyType({row.code: store_of(row) for row in rows})
    with _lock:
        _stores[brand_id] = (asked, version, found)
    return found


def moved(brand_id: UUID) -> None:
    """Say that the brand's stores changed; belongs into the transaction of the change."""
    models.Brand.objects.filter(id=brand_id).update(stores_version=new_id())
    _stores.pop(brand_id, None)
    transaction.on_commit(lambda: _stores.pop(brand_id, None) and None)


def insert_brand(row: models.Brand) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "brand_slug_unique" in str(error):
            raise conflict(
                "slug_taken", "该品牌网址标识已被使用", "This brand slug is taken", slug=row.slug
            ) from error
        raise


def region_ids(brand_id: UUID) -> dict[str, UUID]:
    return dict(models.Region.objects.filter(brand_id=brand_id).values_list("code", "id"))


def upsert_stores(brand_id: UUID, stores: list[types.NewStore], now: datetime) -> None:
    """One statement for all: new codes are added, known ones take the given values."""
    regions = region_ids(brand_id)
    for number, store in enumerate(stores):
        if store.region and store.region not in regions:
            raise invalid_field(
                f"stores[{number}].region", "unknown_region", "区域不存在", "No region has this code"
            )
    models.Store.objects.bulk_create(
        [
            models.Store(
                id=new_id(),
                brand_id=brand_id,
                region_id=regions[s.region] if s.region else None,
                code=s.code,
                name_zh=s.name.zh,
                name_en=s.name.en,
                city=s.city,
                is_open=s.is_open,
                tags=list(s.tags),
                created_at=now,
            )
            for s in stores
        ],
        update_conflicts=True,
        unique_fields=["brand", "code"],
        update_fields=["region", "name_zh", "name_en", "city", "is_open", "tags"],
    )
    moved(brand_id)
