"""Stores and regions of the brand, and the QR code by which customers of a store join."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from regulars.kit import clock
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, NewStore, Store
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import pictures
from regulars.surfaces.console.asking import Code, brand_of, needs
from regulars.surfaces.console.shapes.settings import RegionIO, StoreIn, StoreOut
from regulars.surfaces.console.shapes.shared import TextIO

router = Router(tags=["Stores"])


@router.get("/stores", response=list[StoreOut], **needs("members.read"))
def list_stores(request: HttpRequest) -> Any:
    """The brand's stores by code."""
    scope, said = scope_of(request), language(request)
    brand = brand_of(scope)
    regions = {one.code: one.name.in_language(said) for one in organisations.list_regions(brand_id=brand.id)}
    return [_out(brand, store, regions, said) for store in organisations.list_stores(brand_id=brand.id)]


@router.put("/stores/{code}", response=StoreOut, **needs("stores.write"))
def put_store(request: HttpRequest, code: Code, given: StoreIn) -> Any:
    """Add a store, or change the one of this code."""
    scope, said = scope_of(request), language(request)
    regions = {
        one.code: one.name.in_language(said) for one in organisations.list_regions(brand_id=scope.brand_id)
    }
    if given.region and given.region not in regions:
        raise invalid_field("region", "unknown_region", "没有这个区域", "There is no such region")
    stores = organisations.put_stores(
        brand_id=scope.brand_id,
        stores=[
            NewStore(
                code=code,
                name=given.name.to_text(),
                region=given.region,
                city=given.city.strip(),
                is_open=given.is_open,
                tags=tuple(given.tags),
            )
        ],
        now=clock.now(),
        actor=scope.actor,
    )
    return _out(brand_of(scope), stores[code], regions, said)


@router.get("/stores/{code}/qr.svg", include_in_schema=False, **needs("members.read"))
def get_qr(request: HttpRequest, code: Code) -> HttpResponse:
    """The store's joining link as a QR code that prints at any size."""
    brand = brand_of(scope_of(request))
    store = organisations.stores_of(brand_id=brand.id, codes=[code]).get(code)
    if store is None:
        raise not_found(Text("门店", "Store"))
    return pictures.qr(_enrol_url(brand, store), name=f"{brand.slug}-{code}.svg")


@router.get("/regions", response=list[RegionIO], **needs("members.read"))
def list_regions(request: HttpRequest) -> Any:
    """The brand's regions by code."""
    scope, said = scope_of(request), language(request)
    return [
        RegionIO(code=one.code, name=TextIO.of(one.name), shown=one.name.in_language(said))
        for one in organisations.list_regions(brand_id=scope.brand_id)
    ]


@router.post("/regions", response={201: RegionIO}, **needs("stores.write"))
def add_region(request: HttpRequest, given: RegionIO) -> Any:
    """A new region. 409 `code_taken`."""
    scope, said = scope_of(request), language(request)
    made = organisations.create_region(
        brand_id=scope.brand_id,
        code=given.code.strip(),
        name=given.name.to_text(),
        now=clock.now(),
        actor=scope.actor,
    )
    return Status(201, RegionIO(code=made.code, name=TextIO.of(made.name), shown=made.name.in_language(said)))


def _enrol_url(brand: Brand, store: Store) -> str:
    return f"{settings.PUBLIC_URL}/h/{brand.slug}/?s={quote(store.code)}"


def _out(brand: Brand, store: Store, regions: dict[str, str], said: Any) -> StoreOut:
    return StoreOut(
        code=store.code,
        name=store.name.in_language(said),
        names=TextIO.of(store.name),
        region=store.region,
        region_name=regions.get(store.region, store.region),
        city=store.city,
        is_open=store.is_open,
        tags=list(store.tags),
        enrol_url=_enrol_url(brand, store),
    )
