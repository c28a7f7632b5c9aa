"""The brand's own settings: name, colours, words, terms, time zone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router

from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.surfaces.access import scope_of
from regulars.surfaces.console.asking import brand_of, needs
from regulars.surfaces.console.shapes.common import TextIO
from regulars.surfaces.console.shapes.settings import BrandIn, BrandOut

router = Router(tags=["Brand"])


@router.get("/brand", response=BrandOut, **needs("settings.write"))
def get_brand(request: HttpRequest) -> Any:
    """The brand as it is set up."""
    return _out(brand_of(scope_of(request)))


@router.put("/brand", response=BrandOut, **needs("settings.write"))
def change_brand(request: HttpRequest, given: BrandIn) -> Any:
    """Change the brand. Currency and address stay: the ledger and people's links depend on them."""
    scope = scope_of(request)
    changed = organisations.update_brand(
        brand_id=scope.brand_id,
        changes={
            "name": given.name.to_text(),
            "timezone": given.timezone,
            "theme": given.theme,
            "words": given.words,
            "consent": given.consent.to_text(),
            "consent_version": given.consent_version,
        },
        now=clock.now(),
        actor=scope.actor,
    )
    return _out(changed)


def _out(brand: Brand) -> BrandOut:
    return BrandOut(
        slug=brand.slug,
        name=TextIO.of(brand.name),
        currency=brand.currency,
        timezone=brand.timezone,
        theme=brand.theme,
        words=brand.words,
        consent=TextIO.of(brand.consent),
        consent_version=brand.consent_version,
        is_demo=brand.is_demo,
        portal_url=f"{settings.PUBLIC_URL}/h/{brand.slug}/",
    )
