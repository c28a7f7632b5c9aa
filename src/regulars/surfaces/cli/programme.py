"""regulars programme"""

from __future__ import annotations

import getpass
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from regulars.project.plainly import PlainError, say, speaks_chinese

# What the command ends with: 0 done or nothing differs, 1 refused, and these two.
DIFFERS, WAITS = 2, 3


class Action(StrEnum):
    export = "export"
    plan = "plan"
    apply = "apply"


def run(
    action: Annotated[Action, typer.Argument(help="export, plan or apply")],
    file: Annotated[
        Path | None, typer.Argument(help="The YAML file; - or nothing: standard output or input")
    ] = None,
    brand: Annotated[str, typer.Option(help="The brand's slug")] = "",
    version: Annotated[int | None, typer.Option(help="export: this version, not the one in force")] = None,
    as_: Annotated[str, typer.Option("--as", help="The e-mail address of the member of staff who acts")] = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="apply: publish what somebody else put forward (needs --as)")
    ] = False,
    effective_from: Annotated[
        str, typer.Option(help="apply --publish: from when, such as 2026-12-01T00:00:00+08:00")
    ] = "",
    note: Annotated[str, typer.Option(help="apply: a note for the version")] = "",
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """The whole programme as one YAML file. plan says what the file would change, apply changes it.

    Exit codes: 0 done, or nothing differs; 1 refused; 2 plan: the file differs; 3 apply: waits for a review.
    """
    from regulars.project.opening import open_project

    if not brand:
        raise PlainError(zh="请用 --brand 指明品牌。", en="Name the brand with --brand.")
    with open_project(database_url=database_url or None):
        from regulars.kit.errors import Refusal
        from regulars.surfaces.cli.imports import plain

        try:
            code = _act(action, file, brand, version, as_, publish, effective_from, note)
        except Refusal as refusal:
            raise plain(refusal) from None
    if code:
        raise typer.Exit(code)


def _act(
    action: Action,
    file: Path | None,
    brand: str,
    version: int | None,
    as_: str,
    publish: bool,
    effective_from: str,
    note: str,
) -> int:
    from regulars.flows.blueprint import api as blueprint
    from regulars.kit import clock

    scope, now = _scope(brand, as_), clock.now()
    if action is Action.export:
        _write(file, blueprint.export(scope=scope, now=now, version=version))
        return 0
    text = _read(file)
    language: Any = "zh" if speaks_chinese() else "en"
    if action is Action.plan:
        found = blueprint.plan(scope=scope, text=text, now=now)
        print(blueprint.told(found, language))
        return DIFFERS if found.differences else 0
    done = blueprint.apply(
        scope=scope, text=text, now=now, note=note, publish=publish, effective_from=_instant(effective_from)
    )
    print(blueprint.told(done.plan, language))
    if done.state == "published":
        print(say(zh=f"已发布第 {done.number} 版。", en=f"Version {done.number} is published."))
    elif done.state == "in_review":
        print(
            say(
                zh=f"第 {done.number} 版等待他人审核并发布。",
                en=f"Version {done.number} waits for somebody else to review and publish it.",
            )
        )
        return WAITS
    return 0


def _scope(slug: str, email: str) -> Any:
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import Actor, Scope
    from regulars.platform.staff import api as staff
    from regulars.platform.staff.types import PERMISSIONS

    brand = organisations.find_brand(slug_or_id=slug)
    if brand is None:
        raise PlainError(zh=f"没有品牌 {slug}。", en=f"There is no brand {slug}.")
    if not email:
        actor = Actor("system", None, f"cli:{getpass.getuser()}")
        return Scope(brand.organisation_id, brand.id, actor, frozenset(PERMISSIONS))
    wanted = email.strip().lower()
    people = staff.list_staff(organisation_id=brand.organisation_id)
    person = next((one for one in people if one.email.lower() == wanted and one.is_active), None)
    if person is None:
        raise PlainError(zh=f"没有在职员工 {email}。", en=f"There is no active member of staff {email}.")
    held = staff.get_access(staff_id=person.id, brand_id=brand.id)
    # a programme is the whole brand's: what she may do in some stores only does not count here
    permissions = frozenset(p for p, stores in held.stores.items() if stores is None)
    actor = Actor("staff", person.id, person.email)
    return Scope(brand.organisation_id, brand.id, actor, permissions)


def _read(file: Path | None) -> bytes:
    if file is None or str(file) == "-":
        return sys.stdin.buffer.read(2_000_000)
    if not file.is_file():
        raise PlainError(zh=f"没有文件 {file}。", en=f"There is no file {file}.")
    with file.open("rb") as source:
        return source.read(2_000_000)


def _write(file: Path | None, text: str) -> None:
    if file is None or str(file) == "-":
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8")
    print(say(zh=f"已写入 {file}。", en=f"Written to {file}."))


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise PlainError(
            zh=f"“{text}”不是时间，应如 2026-12-01T00:00:00+08:00。",
            en=f"'{text}' is no instant such as 2026-12-01T00:00:00+08:00.",
        ) from None
