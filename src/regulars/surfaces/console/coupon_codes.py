"""Codes of coupons: made, imported from others' files, downloaded, released, made void."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from ninja import File, Form, Router, Status, UploadedFile

from regulars.flows import coupon_codes as code_files
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.text import Text
from regulars.platform.files import api as files
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.coupons import (
    CodeBatchOut,
    CodesFileIn,
    CodesImportedOut,
    CodesIn,
    RowErrorOut,
)
from regulars.surfaces.console.shapes.shared import DoneOut, PageOut
from regulars.surfaces.console.sheets import whole
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Batch

router = Router(tags=["Coupons"])
_BATCH = Text("券码批次", "Batch of codes")
_FILE = Text("文件", "File")
_ORIGINS: dict[str, Text] = {
    "made": Text("系统生成", "made here"),
    "imported": Text("外部导入", "imported"),
}


@router.post("/coupon-definitions/{key}/codes", response={201: CodeBatchOut}, **needs("coupons.issue"))
def make_codes(request: HttpRequest, key: Code, given: CodesIn) -> Any:
    """Make codes that nobody guesses. With `reserved_for` they are kept back until they are released."""
    scope = scope_of(request)
    batch, _ = code_files.make_codes(
        scope=scope,
        definition=key,
        count=given.count,
        note=given.note,
        reserved_for=given.reserved_for,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _out(Naming(scope, language(request), clock.now()), batch))


@router.get("/coupon-definitions/{key}/codes", response=PageOut[CodeBatchOut], **needs("coupons.read"))
def list_batches(request: HttpRequest, key: Code, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """A definition's batches, newest first, with what became of their codes."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = coupons.list_batches(brand_id=scope.brand_id, definition=key, cursor=cursor, limit=limit)
    return PageOut(items=[_out(naming, one) for one in page.items], next_cursor=page.next_cursor)


@router.post(
    "/coupon-definitions/{key}/codes/import", response={201: CodesImportedOut}, **needs("coupons.issue")
)
def import_codes(request: HttpRequest, key: Code, file: File[UploadedFile], given: Form[CodesFileIn]) -> Any:
    """Read others' codes from a file, spelt exactly as they are; good rows are added, the rest is told by row."""
    scope, said = scope_of(request), language(request)
    done = code_files.import_codes(
        scope=scope,
        definition=key,
        name=file.name or "codes.csv",
        source=cast(BinaryIO, file.file),
        now=clock.now(),
        column=given.column,
        encoding=given.encoding,
        delimiter=given.delimiter,
        note=given.note,
        reserved_for=given.reserved_for,
        language=said,
    )
    return Status(
        201,
        CodesImportedOut(
            batch=_out(Naming(scope, said, clock.now()), done.batch),
            added=done.added,
            refused=done.refused,
            error_file=str(done.error_file) if done.error_file else None,
            errors=[
                RowErrorOut(row=row, code=code, message=text.in_language(said))
                for row, code, text in done.first_errors
            ],
        ),
    )


@router.get("/coupon-codes/errors/{file_id}", include_in_schema=False, **needs("coupons.issue"))
def get_error_file(request: HttpRequest, file_id: Code) -> HttpResponseBase:
    """The refused rows of an import of codes, as CSV."""
    scope = scope_of(request)
    id_ = uuid_of(file_id, _FILE)
    found = files.get_file(organisation_id=scope.organisation_id, brand_id=scope.brand_id, file_id=id_)
    if not found.name.endswith(code_files.ERRORS_NAME):
        raise not_found(_FILE)
    path = files.path_of(organisation_id=scope.organisation_id, brand_id=scope.brand_id, file_id=id_)
    return _csv(found.name, [path.read_bytes()])


@router.get("/coupon-batches/{batch_id}/codes.csv", include_in_schema=False, **needs("coupons.issue"))
def download_codes(request: HttpRequest, batch_id: Code) -> HttpResponseBase:
    """The codes of a batch with their states, as CSV."""
    scope = scope_of(request)
    batch = coupons.get_batch(brand_id=scope.brand_id, batch_id=uuid_of(batch_id, _BATCH))
    name = f"{batch.definition}-{batch.created_at:%Y%m%d}.csv"
    return _csv(name, code_files.codes_csv(brand_id=scope.brand_id, batch=batch))


@router.post("/coupon-batches/{batch_id}/release", response=DoneOut, **needs("coupons.issue"))
def release_batch(request: HttpRequest, batch_id: Code) -> Any:
    """Let reserved codes go into use."""
    id_ = uuid_of(batch_id, _BATCH)
    return DoneOut(changed=coupons.release_batch(scope=scope_of(request), batch_id=id_, now=clock.now()))


@router.post("/coupon-batches/{batch_id}/void", response=DoneOut, **needs("coupons.issue"))
def void_batch(request: HttpRequest, batch_id: Code) -> Any:
    """Make the codes of a batch worthless that nobody has brought yet."""
    id_ = uuid_of(batch_id, _BATCH)
    return DoneOut(changed=coupons.void_batch(scope=scope_of(request), batch_id=id_, now=clock.now()))


def _csv(name: str, content: Any) -> HttpResponseBase:
    answer = StreamingHttpResponse(whole(content), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


def _out(naming: Naming, batch: Batch) -> CodeBatchOut:
    states = batch.states or {"reserved" if batch.reserved_for else "free": batch.count}
    return CodeBatchOut(
        id=str(batch.id),
        origin=batch.origin,
        origin_name=naming.label(_ORIGINS[batch.origin]),
        count=batch.count,
        free=states.get("free", 0),
        reserved=states.get("reserved", 0),
        bound=states.get("bound", 0),
        void=states.get("void", 0),
        note=batch.note,
        reserved_for=batch.reserved_for,
        by=batch.actor,
        created_at=batch.created_at,
    )
