"""The portal's first page: the brand, how to come in, and who is signed in."""

from __future__ import annotations

from datetime import datetime

from regulars.facts.members import api as members
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.signin import policy as limits
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import benefits, fields, words
from regulars.surfaces.portal.shapes import (
    ArrivalOut,
    BrandOut,
    ConsentOut,
    FieldOut,
    FrontOut,
    SignedOut,
    SignInRules,
)

_FIRST_WAYS = 3


def front(
    *, brand: Brand, member: MemberAccess | None, language: Language, store: str, now: datetime
) -> FrontOut:
    """What a visitor with `?s=<store>` sees; a store that is none of the brand's is left out."""
    return FrontOut(
        brand=_brand(brand, language),
        language="zh-CN" if language == "zh" else "en",
        demo=brand.is_demo,
        sign_in=SignInRules(
            kinds=["phone", "email"],
            code_digits=limits.CODE_DIGITS,
            code_lifetime_seconds=int(limits.CODE_LIFE.total_seconds()),
            resend_after_seconds=int(limits.RESEND_AFTER.total_seconds()),
        ),
        arrival=ArrivalOut(store=store_name(brand, store, language)),
        consent=consent(brand, language),
        enrol_fields=[] if member else enrol_fields(brand, language),
        first_benefits=[] if member else benefits.of_first_tier(brand, language, now),
        ways_to_earn=[] if member else benefits.ways_to_earn(brand, language, now)[:_FIRST_WAYS],
        member=signed_in(member) if member else None,
    )


def signed_in(member: MemberAccess) -> SignedOut:
    card = members.get_card(scope=member.scope, member_id=member.member_id)
    return SignedOut(name=card.profile.name, code=card.code)


def enrol_fields(brand: Brand, language: Language) -> list[FieldOut]:
    """What the form asks for: a name, and the brand's fields that the portal requires."""
    custom = [f for f in fields.shown(members.list_fields(brand_id=brand.id)) if f.rules.required_in_portal]
    birthday = fields.personal_field("birthday", language, help_=words.BIRTHDAY_HELP)
    return [
        fields.personal_field("name", language, required=True),
        birthday,
        *(fields.custom_field(field, language) for field in custom),
    ]


def consent(brand: Brand, language: Language) -> ConsentOut:
    """The brand's own consent text, or ours with the brand's name in it."""
    return ConsentOut(
        version=brand.consent_version,
        title=words.CONSENT_TITLE.in_language(language),
        paragraphs=[
            line.strip() for line in consent_text(brand).in_language(language).splitlines() if line.strip()
        ],
    )


def consent_text(brand: Brand) -> Text:
    """What members of the brand agree to as they join, in both languages."""
    own = brand.consent if brand.consent.zh or brand.consent.en else None
    return Text.from_json(own.to_json()) if own else words.CONSENT.format(brand=brand.name)


def store_name(brand: Brand, code: str, language: Language) -> str | None:
    """The name of an open store of the brand, for whoever scanned its QR code."""
    if not code:
        return None
    store = organisations.stores_of(brand_id=brand.id, codes=[code]).get(code)
    return store.name.in_language(language) if store and store.is_open else None


def _brand(brand: Brand, language: Language) -> BrandOut:
    def own(key: str, otherwise: Text) -> str:
        tag = "zh" if language == "zh" else "en"
        said = brand.words.get(f"{key}_{tag}") or brand.words.get(key)
        return said or otherwise.format(brand=brand.name).in_language(language)

    return BrandOut(
        slug=brand.slug,
        name=brand.name.in_language(language),
        logo_url=f"/api/portal/{brand.slug}/logo?v={brand.logo_file_id.hex[-8:]}"
        if brand.logo_file_id
        else None,
        accent=brand.theme.get("accent") or brand.theme.get("primary"),
        headline=own("headline", words.HEADLINE),
        promise=own("promise", words.PROMISE),
        currency=brand.currency,
        time_zone=brand.timezone,
    )
