"""A small tenant to test against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, NewStore, Region, Store
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import NewAssignment, StaffMember

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Tenant:
    """Two brands of one organisation; `tea` has a region with two stores and one store outside it."""

    tea: Brand
    coffee: Brand
    east: Region
    s1: Store
    s2: Store
    s3: Store
    owner: StaffMember

    @property
    def id(self):  # type: ignore[no-untyped-def]
        return self.tea.organisation_id

    def hire(self, email: str, *assignments: NewAssignment) -> StaffMember:
        return staff.create_staff(
            organisation_id=self.id,
            by=SYSTEM,
            email=email,
            name=email.partition("@")[0],
            password=PASSWORD,
            assignments=assignments,
            now=NOW,
        )


def make_tenant(word: str) -> Tenant:
    organisation = organisations.create_organisation(name=Text(f"{word}集团", f"{word} Group"), now=NOW)
    tea, coffee = (
        organisations.create_brand(
            organisation_id=organisation.id, slug=f"{word}-{kind}", name=Text(kind, kind), now=NOW
        )
        for kind in ("tea", "coffee")
    )
    east = organisations.create_region(brand_id=tea.id, code="east", name=Text("华东", "East"), now=NOW)
    stores = organisations.put_stores(
        brand_id=tea.id,
        stores=[
            NewStore("S1", Text("一店", "One"), region="east"),
            NewStore("S2", Text("二店", "Two"), region="east"),
            NewStore("S3", Text("三店", "Three")),
        ],
        now=NOW,
    )
    owner = staff.create_staff(
        organisation_id=organisation.id,
        by=SYSTEM,
        email=f"owner@{word}.example",
        name="Owner",
        password=PASSWORD,
        assignments=[NewAssignment("owner")],
        now=NOW,
    )
    return Tenant(tea, coffee, east, stores["S1"], stores["S2"], stores["S3"], owner)
