"""Door of operators' templates: write, submit, decide; find, check, fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.kit.errors import ErrorList, FieldError, conflict, invalid
from regulars.kit.ids import new_id
from regulars.kit.text import Language, Text
from regulars.messaging.contents import filling
from regulars.messaging.models import MessageTemplate as TemplateRow
from regulars.messaging.models import MessageTemplateVersion as VersionRow
from regulars.messaging.policy import checking, variables
from regulars.messaging.store import templates as store
from regulars.messaging.types import PURPOSES, Rendered
from regulars.messaging.wording import Content, MessageTemplate, Problem, TemplateVersion, Variable
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Brand, Scope

MOST_TEMPLATES = 1000


def get_template(*, brand_id: UUID, code: str) -> MessageTemplate:
    """One of the operators' templates, archived ones too. Raises `not_found`."""
    return store.views([store.row_of(brand_id=brand_id, code=code)])[0]


def list_templates(*, brand_id: UUID, archived: bool = False) -> list[MessageTemplate]:
    """The operators' templates, by code."""
    rows = TemplateRow.objects.filter(brand_id=brand_id, archived=archived).order_by("code")
    return store.views(rows[:MOST_TEMPLATES])


def list_template_versions(*, brand_id: UUID, code: str) -> list[TemplateVersion]:
    """All versions, newest first. Raises `not_found`."""
    row = store.row_of(brand_id=brand_id, code=code)
    rows = VersionRow.objects.filter(template_id=row.id).order_by("-number")
    return [store.version_of(one, row) for one in rows]


def check_template(*, brand_id: UUID, code: str, field: str, errors: ErrorList, purpose: str = "") -> None:
    """Add an error unless messages can be asked for by this template: it exists, is approved and not archived, and it
    is for the `purpose` that is given (said of the field `purpose` beside `field`)."""
    row = TemplateRow.objects.filter(brand_id=brand_id, code=code).first()
    if row is not None and purpose not in ("", row.purpose):
        said = PURPOSES[row.purpose]
        errors.add(
            f"{field.rpartition('.')[0]}.purpose".lstrip("."),
            "not_the_template's",
            f"与模板的用途不一致，该模板用于{said.zh}",
            f"The template is for another purpose: {said.en.lower()}",
        )
    if row is None:
        errors.add(field, "unknown_template", "没有这个消息模板", "There is no such message template")
    elif row.archived:
        errors.add(field, "template_archived", "该消息模板已归档", "This message template is archived")
    elif row.live is None:
        errors.add(
            field, "template_not_approved", "该消息模板尚未通过审批", "This message template is not approved"
        )


def purpose_of(*, brand_id: UUID, code: str) -> str:
    """What messages by this template are for; empty where there is no such template."""
    return (
        TemplateRow.objects.filter(brand_id=brand_id, code=code).values_list("purpose", flat=True).first()
        or ""
    )


def live_versions(*, brand_id: UUID, codes: Sequence[str]) -> dict[str, TemplateVersion]:
    """The approved versions by code, of templates that are not archived."""
    return store.live_of(brand_id=brand_id, codes=codes)


def render_template(
    *, brand: Brand, version: TemplateVersion, channel: str, language: Language, values: Mapping[str, Any]
) -> Rendered:
    """A version's words with `values` put in as they are given; the sandbox adds nothing to them but `brand`.

    Raises `RenderFailed`.
    """
    return filling.fill(
        version=version,
        channel=channel,
        language=language,
        values=filling.about(brand, language) | dict(values),
    )


def list_variables() -> Sequence[Variable]:
    """Everything that texts may name, whose template it is aside."""
    return variables.CATALOGUE


def save_template(
    *,
    scope: Scope,
    code: str,
    name: Text,
    purpose: str,
    contents: Mapping[str, Mapping[str, Content]],
    links: Mapping[str, str] | None = None,
    samples: Mapping[str, Any] | None = None,
    origin: str = "staff",
    now: datetime,
) -> MessageTemplate:
    """Make a template, or change its draft; after a decision a new draft begins. What is wrong with texts does not
    keep a draft from being saved (`find_problems` says it), what is wrong with the form does: `invalid_input`.

    Raises `template_waits` (409) while a version waits for approval.
    """
    scope.require("messages.write")
    links, samples = dict(links or {}), dict(samples or {})
    errors = ErrorList()
    checking.check_form(errors, code=code, name=name, purpose=purpose, links=links, samples=samples)
    checking.check_sizes(errors, contents)
    filling.check_targets(errors, brand_id=scope.brand_id, links=links)
    errors.refuse()
    with transaction.atomic():
        row = (
            TemplateRow.objects.select_for_update(no_key=True)
            .filter(brand_id=scope.brand_id, code=code)
            .first()
        )
        before = None if row is None else {"name": row.name, "purpose": row.purpose, "version": row.newest}
        newest = None if row is None else store.version_row(template_id=row.id, number=row.newest, lock=True)
        if newest is not None and newest.state == "submitted":
            raise conflict(
                "template_waits",
                "有版本正在等待审批，请先撤回",
                "A version waits for approval; withdraw it first",
            )
        if row is not None and row.live is not None and purpose != row.purpose:
            errors.add(
                "purpose", "fixed", "已通过审批的模板不能更换用途", "An approved template keeps its purpose"
            )
            errors.refuse()
        fresh = newest is None or newest.state != "draft"
        number = 1 if newest is None else newest.number + fresh
        if row is None:
            row = TemplateRow(
                id=new_id(), organisation_id=scope.organisation_id, brand_id=scope.brand_id, code=code, created_at=now
            )  # fmt: skip
        row.name, row.purpose, row.newest, row.updated_at = name.to_json(), purpose, number, now
        row.save(force_insert=before is None, force_update=before is not None)
        version = VersionRow(
            template_id=row.id,
            number=number,
            brand_id=scope.brand_id,
            state="draft",
            origin=origin,
            contents=store.contents_json(contents),
            channels=list(contents),
            links=links,
            samples=samples,
            made_by=scope.actor.label,
            made_by_id=scope.actor.id,
            made_at=now,
        )
        version.save(force_insert=fresh, force_update=not fresh)
        _record(scope, "template.save" if before else "template.create", row, before, number, now)
        return store.views([row])[0]


def find_problems(
    *,
    purpose: str,
    contents: Mapping[str, Mapping[str, Content]],
    links: Mapping[str, str],
    samples: Mapping[str, Any],
) -> list[Problem]:
    """What would keep these texts from being submitted, by field and line."""
    return checking.problems_of(contents, purpose=purpose, links=links, samples=samples)


def submit_template(*, scope: Scope, code: str, now: datetime) -> MessageTemplate:
    """Hand the draft to a colleague for approval; its words are fixed from now on. Raises `invalid_input` with every
    problem of its texts, `nothing_to_submit` (409)."""
    scope.require("messages.write")
    with transaction.atomic():
        row, version = _newest(scope, code)
        if version.state != "draft":
            raise conflict("nothing_to_submit", "没有可提交的草稿", "There is no draft to submit")
        found = find_problems(
            purpose=row.purpose,
            contents=store.contents_of(version.contents),
            links=version.links,
            samples=version.samples,
        )
        if found:
            raise invalid(*[_field_error(one) for one in found])
        version.state, version.submitted_at = "submitted", now
        version.submitted_by, version.submitted_by_id = scope.actor.label, scope.actor.id
        version.save(force_update=True)
        _record(scope, "template.submit", row, None, version.number, now)
        return store.views([row])[0]


def withdraw_template(*, scope: Scope, code: str, now: datetime) -> MessageTemplate:
    """Take back what waits for approval: it is a draft again."""
    scope.require("messages.write")
    with transaction.atomic():
        row, version = _newest(scope, code)
        if version.state != "submitted":
            raise conflict("nothing_waits", "没有等待审批的版本", "No version waits for approval")
        version.state, version.submitted_at, version.submitted_by, version.submitted_by_id = (
            "draft",
            None,
            "",
            None,
        )
        version.save(force_update=True)
        _record(scope, "template.withdraw", row, None, version.number, now)
        return store.views([row])[0]


def decide_template(
    *, scope: Scope, code: str, number: int, approve: bool, note: str = "", now: datetime
) -> MessageTemplate:
    """Approve what waits, so that it is sent from now on, or send it back. Needs `messages.approve`; nobody decides
    about what she wrote or submitted herself (409 `own_version`)."""
    scope.require("messages.approve")
    errors = ErrorList()
    if len(note) > 500:
        errors.add("note", "too_long", "最多 500 个字符", "At most 500 characters")
    if not approve and not note.strip():
        errors.add("note", "required", "请说明退回原因", "Say why it is sent back")
    errors.refuse()
    with transaction.atomic():
        row, version = _newest(scope, code)
        if version.number != number or version.state != "submitted":
            raise conflict("nothing_waits", "该版本不在等待审批", "This version does not wait for approval")
        if scope.actor.id is not None and scope.actor.id in (version.made_by_id, version.submitted_by_id):
            raise conflict(
                "own_version", "不能审批自己编写或提交的版本", "Nobody approves what she wrote or submitted"
            )
        version.state = "approved" if approve else "rejected"
        version.decided_by, version.decided_at, version.note = scope.actor.label, now, note.strip()
        version.save(force_update=True)
        if approve:
            row.live = version.number
        row.updated_at = now
        row.save(force_update=True)
        _record(
            scope, "template.approve" if approve else "template.reject", row, None, version.number, now, note
        )
        return store.views([row])[0]


def archive_template(*, scope: Scope, code: str, archived: bool, now: datetime) -> MessageTemplate:
    """Put a template away, so that nothing new is sent by it, or take it out again."""
    scope.require("messages.write")
    with transaction.atomic():
        row = store.row_of(brand_id=scope.brand_id, code=code, lock=True)
        before = {"archived": row.archived}
        row.archived, row.updated_at = archived, now
        row.save(force_update=True)
        _record(scope, "template.archive" if archived else "template.restore", row, before, row.newest, now)
        return store.views([row])[0]


def _newest(scope: Scope, code: str) -> tuple[TemplateRow, VersionRow]:
    row = store.row_of(brand_id=scope.brand_id, code=code, lock=True)
    return row, store.version_row(template_id=row.id, number=row.newest, lock=True)


def _field_error(one: Problem) -> FieldError:
    if one.code == "required" or not one.field.endswith((".body", ".html")):
        return FieldError(one.field, one.code, one.message)
    line = Text("第 {n} 行：{m}", "Line {n}: {m}").format(n=one.line, m=one.message)
    return FieldError(one.field, one.code, line)


def _record(
    scope: Scope,
    action: str,
    row: TemplateRow,
    before: Mapping[str, Any] | None,
    number: int,
    now: datetime,
    note: str = "",
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="message_template",
        subject_id=row.code,
        before=before,
        after={
            "name": row.name, "purpose": row.purpose, "version": number, "live": row.live, "archived": row.archived,
            **({"note": note} if note else {}),
        },
        now=now,
    )  # fmt: skip
