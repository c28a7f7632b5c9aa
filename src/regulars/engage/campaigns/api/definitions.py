"""Making and changing campaigns. Who changes one undoes its approval."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.campaigns import events
from regulars.engage.campaigns.policy import definition as policy
from regulars.engage.campaigns.store import keeping
from regulars.engage.campaigns.types import CAMPAIGN, Campaign, Definition
from regulars.kit.errors import ErrorList, conflict, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

MOST_NOTE = 1000


def read_definition(*, data: object) -> Definition:
    """A definition from its JSON. Raises `invalid_input` naming every wrong field."""
    return policy.parse(data)


def list_campaigns(*, brand_id: UUID, archived: bool = False) -> list[Campaign]:
    """The brand's campaigns, newest first."""
    return keeping.listed(brand_id=brand_id, archived=archived)


def names_of(*, brand_id: UUID, codes: Collection[str]) -> dict[str, Text]:
    """The names of campaigns by code, archived ones too."""
    return keeping.names(brand_id=brand_id, codes=codes) if codes else {}


def get_campaign(*, brand_id: UUID, code: str) -> Campaign:
    """Raises `not_found`."""
    found = keeping.find(brand_id=brand_id, code=code)
    if found is None:
        raise not_found(CAMPAIGN)
    return found


def create(
    *, scope: Scope, code: str, name: Mapping[str, Any], note: str, definition: Definition, now: datetime
) -> Campaign:
    """A new draft; its salt is drawn here and never again. Raises `invalid_input`, `code_taken` (409)."""
    scope.require("campaigns.write")
    errors = ErrorList()
    if not policy.is_code(code):
        errors.add(
            "code",
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 40",
            "Use a-z, 0-9, - and _, at most 40 characters",
        )
    read = policy.read_name(name, "name", errors)
    _check_note(note, errors)
    errors.refuse()
    made = Campaign(
        id=new_id(),
        brand_id=scope.brand_id,
        code=code,
        name=read,
        note=note.strip(),
        state="draft",
        definition=definition,
        salt=secrets.token_hex(8),
        revision=1,
        next_at=None,
        runs=0,
        created_at=now,
        created_by=scope.actor.label,
        edited_at=now,
        edited_by=scope.actor.label,
        edited_by_id=scope.actor.id,
        submitted_at=None,
        submitted_by="",
        submitted_by_id=None,
        approved_at=None,
        approved_by="",
        launched_at=None,
        launched_by="",
        refused="",
    )
    with transaction.atomic():
        if not keeping.add(made):
            raise conflict("code_taken", f"编码 {code} 已存在", f"The code {code} is taken", campaign=code)
        events.note(scope, "campaign.created", made, now, after=definition.to_json())
    return made


def update(
    *,
    scope: Scope,
    code: str,
    name: Mapping[str, Any] | None,
    note: str | None,
    definition: Definition | None,
    now: datetime,
) -> Campaign:
    """Change one that was not launched; what is None stays. It is a draft again, whoever had approved it.

    Raises `campaign_launched` (409): what runs is not changed under those who are in it.
    """
    scope.require("campaigns.write")
    with transaction.atomic():
        before = keeping.find(brand_id=scope.brand_id, code=code, lock=True)
        if before is None:
            raise not_found(CAMPAIGN)
        if before.state not in ("draft", "submitted", "approved"):
            raise conflict(
                "campaign_launched",
                "活动已启动，不能修改；请复制为新活动",
                "A launched campaign is not changed; make a copy of it",
                state=before.state,
            )
        errors = ErrorList()
        read = before.name if name is None else policy.read_name(name, "name", errors)
        kept = before.note if note is None else note.strip()
        _check_note(kept, errors)
        errors.refuse()
        made = replace(
            before,
            name=read,
            note=kept,
            definition=definition or before.definition,
            state="draft",
            revision=before.revision + 1,
            edited_at=now,
            edited_by=scope.actor.label,
            edited_by_id=scope.actor.id,
            submitted_at=None,
            submitted_by="",
            submitted_by_id=None,
            approved_at=None,
            approved_by="",
            refused="",
        )
        keeping.put(made)
        events.note(
            scope,
            "campaign.changed",
            made,
            now,
            before={"name": before.name.to_json(), **before.definition.to_json()},
            after={"name": made.name.to_json(), **made.definition.to_json()},
        )
    return made


def _check_note(note: str, errors: ErrorList) -> None:
    if len(note) > MOST_NOTE or "\x00" in note:
        errors.add("note", "too_long", f"最长 {MOST_NOTE} 个字", f"{MOST_NOTE} characters at most")
