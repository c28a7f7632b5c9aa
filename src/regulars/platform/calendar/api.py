"""The door of the calendar: which days a brand works, and when its festivals are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from regulars.kit import festivals, workdays
from regulars.kit.errors import ErrorList, invalid_field, not_found
from regulars.kit.text import Text
from regulars.kit.workdays import WorkDay
from regulars.platform.audit import api as audit
from regulars.platform.calendar import models, policy
from regulars.platform.calendar.types import FESTIVAL, OWN_DAY, NamedDay, OwnDay, OwnFestival, Year
from regulars.platform.organisations.types import Scope

MOST_FESTIVALS = 100
_FRESH_SECONDS = 60.0
_kept: dict[tuple[UUID, int], tuple[float, dict[date, bool]]] = {}


def own_days(*, brand_id: UUID, first: date, last: date) -> dict[date, bool]:
    """The brand's own days in [first, last]: true where it works. For `kit.workdays`."""
    rows = models.CalendarDay.objects.filter(brand_id=brand_id, day__range=(first, last))
    return dict(rows.values_list("day", "works"))


def work_day(*, brand_id: UUID, day: date) -> WorkDay:
    """Whether the brand works on a day, and why; a year that is not known is Monday to Friday and says so."""
    return workdays.work_day(day, own_days(brand_id=brand_id, first=day, last=day))


def work_days_of(*, brand_id: UUID) -> Callable[[date], bool]:
    """Whether the brand works on a day, for who asks of many days: own days are at most a minute old."""

    def works(day: date) -> bool:
        known = _kept.get((brand_id, day.year))
        if known is None or time.monotonic() - known[0] > _FRESH_SECONDS:
            own = own_days(brand_id=brand_id, first=date(day.year, 1, 1), last=date(day.year, 12, 31))
            known = (time.monotonic(), own)
            _kept[brand_id, day.year] = known
        return workdays.works(day, known[1])

    return works


def list_festivals(*, brand_id: UUID) -> dict[str, Text]:
    """Every festival's name by code, the brand's own ones last."""
    own = models.CalendarFestival.objects.filter(brand_id=brand_id).order_by("code")
    return {code: one.name for code, one in festivals.FESTIVALS.items()} | {
        row.code: Text(row.name_zh, row.name_en) for row in own
    }


def festival_days(*, brand_id: UUID, year: int) -> dict[str, date]:
    """The date of every festival of the brand in a year, in their order; those without a known date are left out."""
    found = dict(festivals.festivals_of(year))
    for own in _own_festivals(brand_id):
        day = policy.day_of(own, year)
        if day is not None:
            found[own.code] = day
    return dict(sorted(found.items(), key=lambda one: one[1]))


def get_year(*, brand_id: UUID, year: int) -> Year:
    """A year as people see it. Raises `invalid_input` outside of 1900–2100."""
    if not 1900 <= year <= 2100:
        raise invalid_field("year", "out_of_range", "年份应在 1900–2100", "A year of 1900 to 2100")
    own = {one.code: one for one in _own_festivals(brand_id)}
    names = list_festivals(brand_id=brand_id)
    holidays, moved = policy.public_days(year)
    return Year(
        year=year,
        known=year in workdays.known_years(),
        lunar_known=festivals.knows_lunar(year),
        festivals=tuple(
            NamedDay(code, names[code], day, code in own)
            for code, day in festival_days(brand_id=brand_id, year=year).items()
        ),
        holidays=holidays,
        moved=moved,
        own=tuple(
            OwnDay(row.day, row.works, Text(row.name_zh, row.name_en))
            for row in models.CalendarDay.objects.filter(brand_id=brand_id, day__year=year).order_by("day")
        ),
    )


def list_own_festivals(*, brand_id: UUID) -> list[OwnFestival]:
    """The brand's own festivals, by code."""
    return _own_festivals(brand_id)


def put_day(*, scope: Scope, day: date, works: bool, name: Text, now: datetime) -> OwnDay:
    """Say that the brand works on a day, or does not. Again replaces. Audited."""
    errors = ErrorList()
    policy.check_day(day, errors)
    policy.check_name(name, errors, needed=False)
    errors.refuse()
    with transaction.atomic():
        rows = models.CalendarDay.objects.select_for_update().filter(brand_id=scope.brand_id, day=day)
        before = rows.first()
        models.CalendarDay.objects.bulk_create(
            [
                models.CalendarDay(
                    brand_id=scope.brand_id, day=day, works=works, name_zh=name.zh, name_en=name.en
                )
            ],
            update_conflicts=True,
            unique_fields=["brand_id", "day"],
            update_fields=["works", "name_zh", "name_en"],
        )
        _record(
            scope,
            "calendar_day.put",
            day.isoformat(),
            {"works": before.works, "name": {"zh": before.name_zh, "en": before.name_en}} if before else {},
            {"works": works, "name": name.to_json()},
            now,
        )
    return OwnDay(day, works, name)


def remove_day(*, scope: Scope, day: date, now: datetime) -> None:
    """The public calendar counts again for a day. Raises `not_found`."""
    with transaction.atomic():
        row = models.CalendarDay.objects.filter(brand_id=scope.brand_id, day=day).first()
        if row is None:
            raise not_found(OWN_DAY)
        models.CalendarDay.objects.filter(brand_id=scope.brand_id, day=day).delete()
        _record(scope, "calendar_day.removed", day.isoformat(), {"works": row.works}, {}, now)


def put_festival(*, scope: Scope, festival: OwnFestival, now: datetime) -> OwnFestival:
    """Make a festival of the brand's own, or change one. Raises `invalid_input`. Audited."""
    errors = ErrorList()
    policy.check_festival(festival, errors)
    errors.refuse()
    with transaction.atomic():
        before = next((o for o in _own_festivals(scope.brand_id) if o.code == festival.code), None)
        if before is None and len(_own_festivals(scope.brand_id)) >= MOST_FESTIVALS:
            raise invalid_field(
                "code", "too_many", f"最多 {MOST_FESTIVALS} 个", f"At most {MOST_FESTIVALS} festivals"
            )
        models.CalendarFestival.objects.bulk_create(
            [
                models.CalendarFestival(
                    brand_id=scope.brand_id,
                    code=festival.code,
                    name_zh=festival.name.zh,
                    name_en=festival.name.en,
                    reckoning=festival.reckoning,
                    month=festival.month,
                    day=festival.day,
                    year=festival.year,
                )
            ],
            update_conflicts=True,
            unique_fields=["brand_id", "code"],
            update_fields=["name_zh", "name_en", "reckoning", "month", "day", "year"],
        )
        _record(
            scope,
            "festival.put",
            festival.code,
            dict(before.to_json()) if before else {},
            dict(festival.to_json()),
            now,
        )
    return festival


def remove_festival(*, scope: Scope, code: str, now: datetime) -> None:
    """Forget a festival of the brand's own. Raises `not_found`; built-in ones stay."""
    with transaction.atomic():
        before = next((one for one in _own_festivals(scope.brand_id) if one.code == code), None)
        if before is None:
            raise not_found(FESTIVAL)
        models.CalendarFestival.objects.filter(brand_id=scope.brand_id, code=code).delete()
        _record(scope, "festival.removed", code, dict(before.to_json()), {}, now)


def _own_festivals(brand_id: UUID) -> list[OwnFestival]:
    return [
        OwnFestival(
            row.code,
            Text(row.name_zh, row.name_en),
            "lunar" if row.reckoning == "lunar" else "solar",
            row.month,
            row.day,
            row.year,
        )
        for row in models.CalendarFestival.objects.filter(brand_id=brand_id).order_by("code")
    ]


def _record(
    scope: Scope,
    action: str,
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    now: datetime,
) -> None:
    for key in [one for one in list(_kept) if one[0] == scope.brand_id]:
        _kept.pop(key, None)
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="calendar",
        subject_id=subject,
        before=before,
        after=after,
        now=now,
    )
