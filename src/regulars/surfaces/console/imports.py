"""Imports: take a file, map its columns, check it, run it, follow it, fetch what was refused."""

from __future__ import annotations

from typing import Annotated, Any, BinaryIO, Literal, cast

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from regulars.flows.imports import api as imports
from regulars.flows.imports.types import ImportView, Mapping
from regulars.kit import clock
from regulars.kit.text import Language, Text
from regulars.platform.files import api as files
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, needs, uuid_of
from regulars.surfaces.console.shapes.imports import (
    ColumnOut,
    ImportErrorOut,
    ImportKindOut,
    ImportOut,
    ImportWholeOut,
    MappingIO,
    OptionOut,
    PreviewOut,
    StartIn,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, PageOut
from regulars.surfaces.console.sheets import whole

router = Router(tags=["Imports"])
_IMPORT = Text("导入任务", "Import")
_RUNNING = ("queued", "running")
_ERRORS_SHOWN = 50


@router.get("/imports", response=PageOut[ImportOut], **needs("imports.run"))
def list_imports(
    request: HttpRequest,
    status: Literal["running"] | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The brand's imports, newest first; `status=running`: those queued or under way."""
    scope, said = scope_of(request), language(request)
    page = imports.list_imports(
        scope=scope, now=clock.now(), states=_RUNNING if status else (), cursor=cursor, limit=limit
    )
    return PageOut[ImportOut](
        items=[ImportOut(**_plain(view, said)) for view in page.items], next_cursor=page.next_cursor
    )


@router.get("/imports/targets", response=list[ImportKindOut], **needs("imports.run"))
def list_targets(request: HttpRequest) -> Any:
    """What columns of a file may be, and the settings of an import, by kind."""
    scope, said = scope_of(request), language(request)

    def choices(given: Any) -> list[ChoiceOut]:
        return [ChoiceOut(value=one.value, label=one.label.in_language(said)) for one in given]

    return [
        ImportKindOut(
            kind=kind,
            label=imports.KIND_NAMES[kind].in_language(said),
            columns=[
                ColumnOut(
                    key=one.key,
                    label=one.label.in_language(said),
                    hint=one.hint.in_language(said),
                    required=one.required,
                    choices=choices(one.choices),
                )
                for one in targets
            ],
            options=[
                OptionOut(
                    key=one.key,
                    label=one.label.in_language(said),
                    default=one.default,
                    choices=choices(one.choices),
                )
                for one in options
            ],
            one_of=["phone", "code", "card", "email", "external"],
        )
        for kind, (targets, options) in imports.list_targets(brand_id=scope.brand_id).items()
    ]


@router.post("/imports", response={201: ImportWholeOut}, **needs("imports.run"))
def upload(
    request: HttpRequest, kind: Form[Annotated[str, Query(max_length=20)]], file: File[UploadedFile]
) -> Any:
    """Take a file in. Nothing is read from it but its headers."""
    scope, now = scope_of(request), clock.now()
    kept = files.save(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        kind="upload",
        name=file.name or "file",
        source=cast(BinaryIO, file.file),
        now=now,
    )
    view = imports.create_import(scope=scope, kind=kind, file_id=kept.id, now=now)
    return Status(201, _whole(scope, view, language(request)))


@router.get("/imports/{import_id}", response=ImportWholeOut, **needs("imports.run"))
def get_import(request: HttpRequest, import_id: Code) -> Any:
    """Where it stands, with the first errors."""
    scope = scope_of(request)
    view = imports.get_import(scope=scope, import_id=uuid_of(import_id, _IMPORT), now=clock.now())
    return _whole(scope, view, language(request))


@router.get("/imports/{import_id}/preview", response=PreviewOut, **needs("imports.run"))
def get_preview(
    request: HttpRequest,
    import_id: Code,
    encoding: Annotated[str | None, Query(max_length=40)] = None,
    delimiter: Annotated[str | None, Query(max_length=4)] = None,
    sheet: Annotated[str | None, Query(max_length=100)] = None,
) -> Any:
    """Headers and first rows. They may hold personal data; they are read anew each time and kept nowhere."""
    given = {"encoding": encoding, "delimiter": delimiter, "sheet": sheet}
    options = {key: value for key, value in given.items() if value is not None}
    found = imports.preview(
        scope=scope_of(request), import_id=uuid_of(import_id, _IMPORT), options=options or None
    )
    return PreviewOut(
        headers=found.headers,
        sample=found.sample,
        rows=found.rows,
        encoding=found.encoding,
        delimiter=found.delimiter,
        sheets=found.sheets,
        suggested=_mapping(found.suggested),
    )


@router.post("/imports/{import_id}/start", response=ImportWholeOut, **needs("imports.run"))
def start(request: HttpRequest, import_id: Code, given: StartIn) -> Any:
    """Queue a check (`dry`: reads everything, writes nothing) or the import itself; a worker takes it up."""
    scope = scope_of(request)
    view = imports.start(
        scope=scope,
        import_id=uuid_of(import_id, _IMPORT),
        mapping=Mapping(given.mapping.columns, given.mapping.constants, given.mapping.options),
        dry=given.dry,
        now=clock.now(),
    )
    return _whole(scope, view, language(request))


@router.post("/imports/{import_id}/pause", response=ImportWholeOut, **needs("imports.run"))
def pause(request: HttpRequest, import_id: Code) -> Any:
    """Stop after the present batch; it can be resumed."""
    scope = scope_of(request)
    view = imports.pause(scope=scope, import_id=uuid_of(import_id, _IMPORT), now=clock.now())
    return _whole(scope, view, language(request))


@router.post("/imports/{import_id}/resume", response=ImportWholeOut, **needs("imports.run"))
def resume(request: HttpRequest, import_id: Code) -> Any:
    """Go on where it stopped; nothing is posted twice."""
    scope = scope_of(request)
    view = imports.resume(scope=scope, import_id=uuid_of(import_id, _IMPORT), now=clock.now())
    return _whole(scope, view, language(request))


@router.post("/imports/{import_id}/cancel", response=ImportWholeOut, **needs("imports.run"))
def cancel(request: HttpRequest, import_id: Code) -> Any:
    """Stop after the present batch. What was posted stays."""
    scope = scope_of(request)
    view = imports.cancel(scope=scope, import_id=uuid_of(import_id, _IMPORT), now=clock.now())
    return _whole(scope, view, language(request))


@router.get("/imports/{import_id}/errors", include_in_schema=False, **needs("imports.run"))
def get_error_file(request: HttpRequest, import_id: Code) -> HttpResponseBase:
    """The refused rows as they came, with what is wrong, as CSV."""
    name, content = imports.error_file(
        scope=scope_of(request), import_id=uuid_of(import_id, _IMPORT), language=language(request)
    )
    answer = StreamingHttpResponse(whole(content), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


def _mapping(mapping: Mapping) -> MappingIO:
    return MappingIO(columns=mapping.columns, constants=mapping.constants, options=mapping.options)


def _plain(view: ImportView, said: Language) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "kind": view.kind,
        "kind_name": imports.KIND_NAMES[view.kind].in_language(said),
        "origin": view.origin,
        "file_name": view.file_name,
        "size": view.size,
        "state": view.state,
        "stage": view.stage,
        "dry": view.dry,
        "created_by": view.created_by,
        "created_at": view.created_at,
        "started_at": view.started_at,
        "ended_at": view.ended_at,
        "rows": view.rows,
        "total": view.total,
        "done": view.done,
        "applied": view.applied,
        "duplicate": view.duplicate,
        "waiting": view.waiting,
        "failed": view.failed,
        "rate": view.rate,
        "seconds_left": view.seconds_left,
        "has_error_file": view.has_error_file,
        "problem": view.problem.in_language(said),
        "may_start": view.may_start,
        "may_pause": view.may_pause,
        "may_resume": view.may_resume,
        "may_cancel": view.may_cancel,
    }


def _whole(scope: Scope, view: ImportView, said: Language) -> ImportWholeOut:
    errors = imports.list_errors(scope=scope, import_id=view.id, limit=_ERRORS_SHOWN) if view.failed else []
    return ImportWholeOut(
        **_plain(view, said),
        mapping=_mapping(view.mapping),
        errors=[
            ImportErrorOut(row=one.row, field=one.field, code=one.code, message=one.message.in_language(said))
            for one in errors
        ],
    )
