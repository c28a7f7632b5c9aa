"""The people of the demo. Households are real, people are not: every name, number, birthday and gender is made up.

Phone numbers are +86 100 0000 xxxx: mainland mobile numbers begin with 13 to 19, so none of these can be anybody's.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from regulars.facts.members.types import Enrolment, FieldChoice, IdentityIn, ProfileField
from regulars.flows.demo.acts import SOURCE
from regulars.flows.demo.history import Household
from regulars.flows.demo.words import DEMOGRAPHICS, choice_value
from regulars.kit.text import Text

IDENTITY = f"external:{SOURCE}"
FOLLOWERS = "followers"  # what the KOC score reads
_AGES = {
    "19-24": (19, 24),
    "25-34": (25, 34),
    "35-44": (35, 44),
    "45-54": (45, 54),
    "55-64": (55, 64),
    "65+": (65, 84),
}
AT_THE_TILL = timedelta(minutes=10)  # before the first purchase
_BY_THEMSELVES = 0.4


def phone_of(household: int) -> str:
    return f"+861000000{household:04d}"


def code_of(household: int) -> str:
    return f"DEMO{household:04d}"


def joined_at(household: Household) -> datetime:
    """Of those who are new to the shop two in five joined by themselves, days before they first bought, the others at
    the till; whoever bought in the year's first weeks was a member before."""
    rng = random.Random(household.number * 13 + 5)
    if household.is_new and rng.random() >= _BY_THEMSELVES:
        return household.first_at - AT_THE_TILL
    days = rng.randint(1, 20) if household.is_new else rng.randint(1, 40)
    return household.first_at - timedelta(days=days, minutes=rng.randrange(180))


def enrolment_of(household: Household, *, last_day: date) -> Enrolment:
    """The made-up person of a household; her age is within the band of the survey where there is one."""
    rng = random.Random(household.number)
    low, high = _AGES.get(household.survey.get("age", ""), (22, 72))
    born = date(last_day.year - rng.randint(low, high), 1, 1) + timedelta(days=rng.randrange(365))
    gender = rng.choices(("female", "male", ""), (55, 40, 5))[0]
    return Enrolment(
        identities=(
            IdentityIn("phone", phone_of(household.number), verified=True),
            IdentityIn(IDENTITY, str(household.number)),
        ),
        name=f"示范会员{household.number:04d}",
        gender=gender,
        birthday=born,
        language="en" if rng.random() < 0.1 else "zh",
        channel="demo",
        attributes={
            key: choice_value(household.survey[column])
            for key, (_, column, _) in DEMOGRAPHICS.items()
            if column in household.survey
        }
        | _followed(household),
        joined_at=joined_at(household),
        code=code_of(household.number),
    )


def followers_of(household: Household) -> int | None:
    """How many follow her elsewhere, made up for one in twelve: most a few hundred, a few tens of thousands."""
    rng = random.Random(household.number * 31 + 7)
    return int(10 ** rng.uniform(1.7, 4.6)) if rng.random() < 1 / 12 else None


def _followed(household: Household) -> dict[str, int]:
    followers = followers_of(household)
    return {} if followers is None else {FOLLOWERS: followers}


def profile_fields() -> list[ProfileField]:
    """The survey's questions as custom fields of members, and what the KOC score reads."""
    followers = ProfileField(
        key=FOLLOWERS,
        type="int",
        label=Text("社交平台粉丝数", "Followers elsewhere"),
        choices=(),
        in_portal=False,
        position=len(DEMOGRAPHICS),
    )
    return [
        ProfileField(
            key=key,
            type="enum",
            label=label,
            choices=tuple(FieldChoice(choice_value(raw), text) for raw, text in brackets.items()),
            in_portal=False,
            position=place,
        )
        for place, (key, (label, _, brackets)) in enumerate(DEMOGRAPHICS.items())
    ] + [followers]
