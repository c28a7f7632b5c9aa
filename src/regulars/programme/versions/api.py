"""The door of programme versions: drafts, review by somebody else, publication, and what is in force.

Every change of state takes the lock of the brand's versions and leaves an event and an audit entry behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.conditions.api import FieldCatalogue
from regulars.kit.asks import Ask
from regulars.kit.errors import conflict, invalid_field
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.programme.packs import api as packs
from regulars.programme.pricing.types import Offer
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.programme.versions import difference, history, policy, store, vocabulary
from regulars.programme.versions.models import ProgrammeHead, ProgrammeVersion
from regulars.programme.versions.types import Change, ProgrammeHistory, Version, VersionSummary

__all__ = [
    "ask_mark",
    "catalogue_of",
    "changes",
    "compile_definition",
    "compile_offer",
    "create_draft",
    "diff",
    "get_version",
    "in_force",
    "install",
    "last_known",
    "list_versions",
    "publish",
    "rehearse",
    "review",
    "save_draft",
    "submit",
    "withdraw",
]

MAX_NOTE = 500


def in_force(*, brand_id: UUID, now: datetime) -> ProgrammeHistory:
    """The published versions, compiled, as this transaction sees them: `.at(instant)`, `.live`.

    Costs one small query while nothing was published since. Raises `no_programme` (409).
    """
    return history.in_force(organisations.get_brand(brand_id=brand_id), now)


def ask_mark(*, brand_id: UUID) -> Ask[UUID | None]:
    """The mark of what is in force, to be asked together with other rooms' questions: see `last_known`."""
    return store.ask_revision(brand_id)


def last_known(*, brand_id: UUID, now: datetime) -> tuple[UUID, ProgrammeHistory] | None:
    """What this process knew last, without a query: it holds if its mark is still what `ask_mark` answers."""
    return history.last_known(organisations.get_brand(brand_id=brand_id), now)


def catalogue_of(*, brand_id: UUID) -> FieldCatalogue:
    """What conditions may name in this brand now, without the tiers that a definition brings."""
    return vocabulary.present(organisations.get_brand(brand_id=brand_id))


def compile_definition(*, brand_id: UUID, definition: Any, now: datetime, number: int = 0) -> Programme:
    """A definition that is not published, ready to describe, try and replay. Raises `invalid_input`."""
    brand = organisations.get_brand(brand_id=brand_id)
    return history.compile_definition(brand, definition, number=number, effective_from=now)


def compile_offer(
    *, brand_id: UUID, key: str, name: Text, offer: Any, budget: str | None, now: datetime
) -> Offer:
    """A coupon's offer, ready for pricing, in the fields and units of the programme in force.

    Raises `invalid_input` (fields are paths from `offer`), `no_programme` (409).
    """
    live = in_force(brand_id=brand_id, now=now).live
    return rules.read_offer(live, offer, key=key, name=name, budget=budget, path="offer")


def list_versions(*, scope: Scope, now: datetime) -> Sequence[VersionSummary]:
    """Newest first."""
    scope.require("programme.read")
    return store.summaries(scope.brand_id, now)


def get_version(*, scope: Scope, number: int, now: datetime) -> Version:
    """Raises `not_found`."""
    scope.require("programme.read")
    return store.version(scope.brand_id, number, now)


def create_draft(
    *, scope: Scope, now: datetime, base: int | None = None, pack: str | None = None, note: str = ""
) -> Version:
    """A new draft from a `pack`, from the version `base` (an older one: roll back), or from what is live.

    A brand that has published nothing starts from the retail pack. Raises `not_found`, `invalid_input`.
    """
    scope.require("programme.write")
    _check_note(note, "note")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic():
        head = store.lock_head(scope.brand_id)
        if base is None and pack is None:
            current = [s for s in store.summaries(scope.brand_id, now) if s.current]
            base = current[0].number if current else None
            pack = None if current else "retail"
        if pack is not None:
            if pack not in {key for key, _, _ in packs.list_packs()}:
                raise invalid_field("pack", "unknown_pack", "没有该方案包", "There is no such pack")
            definition = rules.dump(
                history.compile_definition(
                    brand, packs.get_pack(pack, currency=brand.currency), number=0, effective_from=now
                )
            )
        else:
            assert base is not None
            definition = store.row_of(scope.brand_id, base).definition
        row = _new_row(head, scope.brand_id, definition, scope.actor, now, base, note)
        row.save(force_insert=True)
        store.add_event(row, "created", scope.actor.label, now, note)
        _audit(scope, "create", row, {}, {"state": "draft", "based_on": base, "pack": pack}, now)
    return store.version(scope.brand_id, row.number, now)


def save_draft(
    *,
    scope: Scope,
    number: int,
    definition: Any,
    revision: int,
    now: datetime,
    note: str | None = None,
) -> Version:
    """Keep a definition in a draft; a rejected version becomes a draft again. It is checked and kept canonical.

    Raises `stale_draft` (409) where `revision` is not the present one, `wrong_state` (409), `invalid_input`.
    """
    scope.require("programme.write")
    _check_note(note or "", "note")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic():
        store.lock_head(scope.brand_id)
        row = store.row_of(scope.brand_id, number)
        policy.check_step("save", row.state)
        policy.check_revision(revision, row.revision)
        compiled = history.compile_definition(brand, definition, number=number, effective_from=now)
        kept = rules.dump(compiled)
        before = {"revision": row.revision, "state": row.state, **_parts(row.definition)}
        row.definition = kept
        row.revision += 1
        row.state = "draft"
        row.note = row.note if note is None else note
        row.updated_at = now
        _add_author(row, scope.actor)
        row.save()
        _audit(
            scope,
            "save",
            row,
            before,
            {"revision": row.revision, "state": row.state, **_parts(kept)},
            now,
        )
    return store.version(scope.brand_id, number, now)


def submit(*, scope: Scope, number: int, now: datetime, comment: str = "") -> Version:
    """Hand a draft to somebody else to review; it cannot be edited any more. Raises `wrong_state`, `invalid_input`."""
    scope.require("programme.write")
    _check_note(comment, "comment")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic():
        store.lock_head(scope.brand_id)
        row = store.row_of(scope.brand_id, number)
        policy.check_step("submit", row.state)
        history.compile_definition(brand, row.definition, number=number, effective_from=now)
        row.state = "in_review"
        row.vocabulary = vocabulary.to_json(vocabulary.present(brand))
        row.submitted_by, row.submitted_at = scope.actor.label, now
        row.reviewed_by, row.reviewed_at, row.review_comment = "", None, ""
        _add_author(row, scope.actor)
        _move(scope, row, "submit", "submitted", "draft", now, comment)
    return store.version(scope.brand_id, number, now)


def withdraw(*, scope: Scope, number: int, now: datetime, comment: str = "") -> Version:
    """Take a version back from review, or an approved one back, to edit it. Raises `wrong_state` (409)."""
    scope.require("programme.write")
    _check_note(comment, "comment")
    with transaction.atomic():
        store.lock_head(scope.brand_id)
        row = store.row_of(scope.brand_id, number)
        policy.check_step("withdraw", row.state)
        before, row.state = row.state, "draft"
        _move(scope, row, "withdraw", "withdrawn", before, now, comment)
    return store.version(scope.brand_id, number, now)


def review(*, scope: Scope, number: int, approve: bool, now: datetime, comment: str = "") -> Version:
    """Approve or reject. Raises `own_work` (403) for its authors and submitter, `wrong_state` (409)."""
    scope.require("programme.review")
    _check_note(comment, "comment")
    if not approve and not comment.strip():
        raise invalid_field("comment", "required", "驳回请说明原因", "Say why it is rejected")
    with transaction.atomic():
        store.lock_head(scope.brand_id)
        row = store.row_of(scope.brand_id, number)
        policy.check_step("review", row.state)
        policy.check_reviewer(_who(scope.actor), row.authors)
        row.state = "approved" if approve else "rejected"
        row.reviewed_by, row.reviewed_at, row.review_comment = scope.actor.label, now, comment
        _move(scope, row, "approve" if approve else "reject", row.state, "in_review", now, comment)
    return store.version(scope.brand_id, number, now)


def publish(
    *,
    scope: Scope,
    number: int,
    now: datetime,
    effective_from: datetime | None = None,
    comment: str = "",
) -> Version:
    """Put an approved version in force, now or from a later instant; a brand's first one from the past if need be.

    The next posting transaction sees it. Raises `wrong_state` (409), `invalid_input`.
    """
    scope.require("programme.publish")
    _check_note(comment, "comment")
    with transaction.atomic():
        head = store.lock_head(scope.brand_id)
        row = store.row_of(scope.brand_id, number)
        policy.check_step("publish", row.state)
        _put_in_force(head, row, effective_from or now, scope.actor, now)
        _move(scope, row, "publish", "published", "approved", now, comment)
    return store.version(scope.brand_id, number, now)


def install(
    *, scope: Scope, definition: Any, now: datetime, effective_from: datetime | None = None, note: str = ""
) -> Version:
    """Publish a brand's very first version at once, as setting up a brand does: nothing depends on a review yet.

    Raises `already_published` (409), `invalid_input`.
    """
    scope.require("programme.publish")
    _check_note(note, "note")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic():
        head = store.lock_head(scope.brand_id)
        if store.in_force_numbers(scope.brand_id):
            raise conflict(
                "already_published",
                "已有发布的方案，请新建草稿并送审",
                "A programme is published already; make a draft and have it reviewed",
            )
        compiled = history.compile_definition(
            brand, definition, number=head.last_number + 1, effective_from=now
        )
        row = _new_row(head, scope.brand_id, rules.dump(compiled), scope.actor, now, None, note)
        row.vocabulary = vocabulary.to_json(vocabulary.present(brand))
        _put_in_force(head, row, effective_from or now, scope.actor, now)
        row.save(force_insert=True)
        store.add_event(row, "published", scope.actor.label, now, note)
        _audit(scope, "install", row, {}, _published(row), now)
    return store.version(scope.brand_id, row.number, now)


def diff(*, scope: Scope, before: int, after: int, now: datetime) -> list[Change]:
    """What changed from one version to another. Raises `not_found`."""
    scope.require("programme.read")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    rows = [store.row_of(scope.brand_id, number) for number in (before, after)]
    old, new = (
        history.compile_definition(
            brand,
            row.definition,
            number=row.number,
            effective_from=row.effective_from or now,
            kept=row.vocabulary or None,
        )
        for row in rows
    )
    return difference.compare(old, new)


def rehearse(*, scope: Scope, definition: Any, now: datetime) -> None:
    """Put a definition in force, unreviewed: for a caller who rolls this transaction back, to see what would be."""
    scope.require("programme.publish")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    head = store.lock_head(scope.brand_id)
    compiled = history.compile_definition(brand, definition, number=head.last_number + 1, effective_from=now)
    row = _new_row(head, scope.brand_id, rules.dump(compiled), scope.actor, now, None, "")
    row.vocabulary = vocabulary.to_json(vocabulary.present(brand))
    _put_in_force(head, row, now, scope.actor, now)
    row.save(force_insert=True)


def changes(*, before: Programme, after: Programme) -> list[Change]:
    """What changed from one compiled programme to another."""
    return difference.compare(before, after)


def _new_row(
    head: ProgrammeHead,
    brand_id: UUID,
    definition: Any,
    actor: Actor,
    now: datetime,
    base: int | None,
    note: str,
) -> ProgrammeVersion:
    head.last_number += 1
    head.save(update_fields=["last_number"])
    return ProgrammeVersion(
        id=new_id(),
        brand_id=brand_id,
        number=head.last_number,
        state="draft",
        definition=definition,
        note=note,
        based_on=base,
        authors=[_who(actor)],
        created_by=actor.label,
        created_at=now,
        updated_at=now,
    )


def _put_in_force(
    head: ProgrammeHead, row: ProgrammeVersion, effective_from: datetime, actor: Actor, now: datetime
) -> None:
    policy.check_effective(effective_from, now, first=not store.in_force_numbers(row.brand_id))
    row.state, row.published_by, row.published_at = "published", actor.label, now
    row.effective_from = effective_from
    head.revision = new_id()
    head.save(update_fields=["revision"])


def _move(
    scope: Scope,
    row: ProgrammeVersion,
    action: str,
    event: str,
    before: str,
    now: datetime,
    comment: str,
) -> None:
    row.updated_at = now
    row.save()
    store.add_event(row, event, scope.actor.label, now, comment)
    after = _published(row) if row.state == "published" else {"state": row.state}
    _audit(scope, action, row, {"state": before}, after | ({"comment": comment} if comment else {}), now)


def _published(row: ProgrammeVersion) -> dict[str, Any]:
    assert row.effective_from is not None
    return {"state": row.state, "effective_from": row.effective_from.isoformat()}


def _parts(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition as the audit log compares it: rule by rule, not as one lump."""
    parts: dict[str, Any] = {
        name: definition.get(name)
        for name in ("name", "words", "member_days", "units", "schemes", "benefits", "checkout")
    }
    parts |= {f"promotion:{one['key']}": one for one in definition.get("promotions", ())}
    return parts | {f"rule:{rule['key']}": rule for rule in definition.get("rules", ())}


def _add_author(row: ProgrammeVersion, actor: Actor) -> None:
    if _who(actor) not in row.authors:
        row.authors = [*row.authors, _who(actor)]


def _who(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id or actor.label}"


def _check_note(note: str, field: str) -> None:
    if len(note) > MAX_NOTE:
        raise invalid_field(field, "too_long", f"最多 {MAX_NOTE} 字", f"At most {MAX_NOTE} characters")


def _audit(
    scope: Scope,
    verb: str,
    row: ProgrammeVersion,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=f"programme.{verb}",
        subject_type="programme_version",
        subject_id=str(row.number),
        before=before,
        after=after,
        now=now,
    )
