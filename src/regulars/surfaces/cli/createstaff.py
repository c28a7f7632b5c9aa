"""regulars createstaff"""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.project.plainly import PlainError, say

if TYPE_CHECKING:
    from datetime import datetime

    from regulars.platform.organisations.types import Organisation


def run(
    email: Annotated[str, typer.Option(help="She signs in with it")],
    name: Annotated[str, typer.Option(help="Her name; by default the address before the @")] = "",
    role: Annotated[str, typer.Option(help="A role's key")] = "owner",
    organisation: Annotated[
        str, typer.Option(help="The organisation's name; made if there is none of that name")
    ] = "",
    brand: Annotated[str, typer.Option(help="Also make a brand with this short name in web addresses")] = "",
    generate_password: Annotated[
        bool, typer.Option("--generate-password", help="Make a password and print it")
    ] = False,
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """Create a member of staff who may sign in to the console; on an empty database the organisation, too."""
    from regulars.kit import clock
    from regulars.project.opening import open_project

    password = secrets.token_urlsafe(15) if generate_password else _asked()
    with open_project(database_url=database_url or None):
        from django.db import transaction

        from regulars.kit.text import Text
        from regulars.platform.organisations import api as organisations
        from regulars.platform.organisations.types import SYSTEM
        from regulars.platform.staff import api as staff
        from regulars.platform.staff.types import NewAssignment

        now = clock.now()
        with transaction.atomic():
            home = _organisation(organisation, now)
            if brand:
                called = Text(organisation or brand, organisation or brand)
                organisations.create_brand(organisation_id=home.id, slug=brand, name=called, now=now)
            made = staff.create_staff(
                organisation_id=home.id,
                by=SYSTEM,
                email=email,
                name=name or email.split("@", 1)[0],
                password=password,
                assignments=[NewAssignment(role)],
                now=now,
            )
    print(say(zh=f"已创建员工账号 {made.email}。", en=f"Created {made.email}."))
    if generate_password:
        print(say(zh=f"密码:{password}", en=f"Password: {password}"))


def _asked() -> str:
    """The password typed twice, or one line of standard input where nobody can type."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt(say(zh="密码", en="Password"), hide_input=True, confirmation_prompt=True)
    return typed


def _organisation(name: str, now: datetime) -> Organisation:
    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations

    known = organisations.list_organisations()
    if not name and len(known) == 1:
        return known[0]
    found = [one for one in known if name in (one.name.zh, one.name.en)]
    if found:
        return found[0]
    if not name:
        raise PlainError(
            zh="请用 --organisation 指定所属组织的名称。",
            en="Say which organisation she belongs to: --organisation.",
        )
    return organisations.create_organisation(name=Text(name, name), now=now)
