"""The brand's own settings: name, colours, words, terms, time zone."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.conf import settings
from django.http import HttpRequest
from ninja import File, Router
from ninja.files import UploadedFile

from regulars.kit import clock
from regulars.platform.files import api as files
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.surfaces.access import scope_of
from regulars.surfaces.console.asking import brand_of, needs
from regulars.surfaces.console.shapes.settings import BrandIn, BrandOut
from regulars.surfaces.console.shapes.shared import TextIO

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


@router.post("/brand/logo", response=BrandOut, **needs("settings.write"))
def change_logo(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """A new logo: PNG, JPEG or WebP, at most 2 MB."""
    scope, now = scope_of(request), clock.now()
    kept = files.save(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        kind="image",
        name=file.name or "logo",
        source=cast(BinaryIO, file.file),
        now=now,
    )
    changed = organisations.update_brand(
        brand_id=scope.brand_id, changes={"logo_file_id": kept.id}, now=now, actor=scope.actor
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
        logo_url=f"/api/portal/{brand.slug}/logo?v={brand.logo_file_id.hex[-8:]}"
        if brand.logo_file_id
        else None,
    )
