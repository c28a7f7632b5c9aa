"""Files to import and a brand to import them into."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.intake.world import World, points, programme, rule, world

from regulars.flows.imports import api as imports
from regulars.flows.imports.types import ImportView, Mapping
from regulars.platform.files import api as files

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DEFINITION = programme([rule("base", points()), rule("growth", points(unit="growth"))])
HEADERS = ("订单号", "手机号", "下单时间", "门店", "商品编码", "数量", "实付金额")


def shop() -> World:
    """1 point for each full yuan of an order; silver from 1 000 yuan spent."""
    return world(DEFINITION)


def csv_of(
    rows: Sequence[Sequence[Any]], headers: Sequence[str] = HEADERS, encoding: str = "utf-8-sig"
) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headers, *rows])
    return out.getvalue().encode(encoding)


def upload(shop: World, content: bytes, name: str = "orders.csv", kind: str = "orders") -> ImportView:
    file = files.save(
        organisation_id=shop.scope.organisation_id,
        brand_id=shop.scope.brand_id,
        kind="upload",
        name=name,
        source=content,
        now=NOW,
    )
    return imports.create_import(scope=shop.scope, kind=kind, file_id=file.id, now=NOW)


def run(
    shop: World,
    view: ImportView,
    *,
    dry: bool = False,
    columns: dict[str, str] | None = None,
    constants: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    now: datetime = NOW,
) -> ImportView:
    """Start an import with the suggested mapping, changed as given, and run it in this process."""
    mapping = Mapping(
        view.mapping.columns | (columns or {}),
        constants or {},
        view.mapping.options | (options or {}),
    )
    imports.start(scope=shop.scope, import_id=view.id, mapping=mapping, dry=dry, now=now, by_caller=True)
    assert imports.run_here(import_id=view.id, clock=lambda: now, writers=1)
    return imports.get_import(scope=shop.scope, import_id=view.id, now=now)


def errors(shop: World, view: ImportView) -> list[tuple[int, str, str]]:
    found = imports.list_errors(scope=shop.scope, import_id=view.id)
    return [(wrong.row, wrong.field, wrong.code) for wrong in found]


def member(shop: World, phone: str) -> UUID:
    return shop.member(phone, now=datetime(2025, 1, 1, tzinfo=UTC))
