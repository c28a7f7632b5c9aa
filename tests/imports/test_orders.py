"""Orders from files, with figures reckoned by hand."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from django.db import connection
from tests.imports.given import HEADERS, NOW, csv_of, errors, member, run, shop, upload

from regulars.flows.imports import api as imports
from regulars.flows.imports.types import Mapping
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations

pytestmark = pytest.mark.django_db

ANNA, BEN = "13800000001", "13800000002"


def test_lines_of_one_number_are_one_order() -> None:
    store = shop()
    anna, ben = member(store, ANNA), member(store, BEN)
    view = upload(
        store,
        csv_of(
            [
                # 12.50 + 7.60 = 20.10 yuan: 20 points for the order, though 12 + 7 = 19 line by line
                ("A1", ANNA, "2026/3/5 13:04", "S1", "milk", "2", "12.50"),
                ("A1", ANNA, "2026/3/5 13:04", "S1", "bread", "1", "¥7.60"),
                ("A2", BEN, "2026年3月6日 下午1:04", "S2", "milk", "0.5", "1,234.00"),
            ]
        ),
    )
    assert view.mapping.columns == dict(
        zip(("number", "phone", "occurred_at", "store", "sku", "quantity", "amount"), HEADERS, strict=True)
    )
    done = run(store, view)
    assert (done.state, done.total, done.applied, done.failed) == ("done", 2, 2, 0)
    assert store.balance(anna) == (20, 0, 0, 0)
    assert store.balance(ben) == (1234, 0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, occurred_at, amount FROM activity ORDER BY subject")
        rows = cursor.fetchall()
    # 13:04 in Shanghai is 05:04 UTC
    assert rows == [
        ("A1", datetime(2026, 3, 5, 5, 4, tzinfo=UTC), 2010),
        ("A2", datetime(2026, 3, 6, 5, 4, tzinfo=UTC), 123_400),
    ]
    store.clean()


def test_the_same_file_again_changes_nothing() -> None:
    store = shop()
    anna = member(store, ANNA)
    content = csv_of([("A1", ANNA, "2026-03-05", "S1", "milk", "1", "12.50")])
    run(store, upload(store, content))
    again = run(store, upload(store, content))
    assert (again.applied, again.duplicate, again.failed) == (0, 1, 0)
    other = csv_of([("A1", ANNA, "2026-03-05", "S1", "milk", "1", "99")])
    changed = run(store, upload(store, other))
    assert (changed.applied, changed.duplicate, changed.failed) == (0, 0, 1)
    assert store.balance(anna) == (12, 0, 0, 0)


def test_bad_rows_are_told_and_leave_their_order_out() -> None:
    store = shop()
    anna = member(store, ANNA)
    view = upload(
        store,
        csv_of(
            [
                ("A1", ANNA, "2026-03-05", "S1", "milk", "1", "12.50"),  # row 2
                ("A2", ANNA, "2026-03-05", "S1", "milk", "0", "5"),  # 3: quantity
                ("A2", ANNA, "2026-03-05", "S1", "bread", "1", "5"),  # 4: its order is left out
                ("A3", "", "2026-03-05", "S1", "milk", "1", "5"),  # 5: nobody
                ("A4", "13800009999", "2026-03-05", "S1", "milk", "1", "5"),  # 6: no member
                ("A5", ANNA, "soon", "S1", "milk", "1", "x"),  # 7: two things
                ("A6", ANNA, "2026-03-05", "S9", "milk", "1", "5"),  # 8: no store
                ("", ANNA, "2026-03-05", "S1", "milk", "1", "5"),  # 9: no number
                ("A7", ANNA, "2027-03-05", "S1", "milk", "1", "5"),  # 10: in the future
                ("A8", ANNA, "2026-03-05", "S1", "milk", "1", "-5"),  # 11: negative
                ("", "", "", "", "", "", ""),  # 12: blank, passed over
                ("A9", ANNA, "2026-03-05", "S1", "milk", "1", "5", "6"),  # 13: too many cells
                ("B1", ANNA, "2026-03-05", "S1", "milk", "1", "1.234"),  # 14: a third of a fen
                ("B2", ANNA, "2026-03-05", "S1", "milk"),  # 15: short: no amount
            ]
        ),
    )
    done = run(store, view)
    # A2 … A9 are eight, and B1, B2 and the one without a number
    assert (done.applied, done.failed) == (1, 11)
    assert errors(store, view) == [
        (3, "数量", "bad_quantity"),
        (4, "", "order_left_out"),
        (5, "手机号", "required"),
        (6, "", "member_not_found"),
        (7, "下单时间", "bad_time"),
        (7, "实付金额", "not_number"),
        (8, "门店", "unknown_store"),
        (9, "订单号", "required"),
        (10, "下单时间", "in_future"),
        (11, "实付金额", "negative"),
        (13, "", "too_many_cells"),
        (14, "实付金额", "too_many_decimals"),
        (15, "实付金额", "not_number"),
    ]
    assert store.balance(anna) == (12, 0, 0, 0)
    store.clean()


def test_error_file_has_the_rows_as_they_came_and_no_formulas() -> None:
    store = shop()
    member(store, ANNA)
    view = upload(
        store,
        csv_of(
            [
                ("A1", ANNA, "2026-03-05", "S1", "milk", "1", "12.50"),
                ("=cmd|'/c calc'!A1", ANNA, "2026-03-05", "S1", "@x", "1", "-5"),
            ]
        ),
    )
    run(store, view)
    name, pieces = imports.error_file(scope=store.scope, import_id=view.id, language="zh")
    text = b"".join(pieces).decode("utf-8")
    assert name == "orders-errors.csv"
    assert text == (
        "\ufeff订单号,手机号,下单时间,门店,商品编码,数量,实付金额,行号,错误原因\r\n"
        "'=cmd|'/c calc'!A1,13800000001,2026-03-05,S1,'@x,1,-5,3,实付金额: 不能为负数；退款请用接口导入\r\n"
    )
    _, pieces = imports.error_file(scope=store.scope, import_id=view.id, language="en")
    assert b"must not be negative" in b"".join(pieces)


def test_a_check_writes_nothing_and_says_what_the_import_will() -> None:
    store = shop()
    anna = member(store, ANNA)
    view = upload(
        store,
        csv_of(
            [
                ("A1", ANNA, "2026-03-05", "S7", "milk", "1", "12.50"),
                ("A2", "13800009999", "2026-03-05", "S7", "milk", "1", "12.50"),
            ]
        ),
    )
    before = _contents()
    checked = run(store, view, dry=True, options={"create_stores": "yes"})
    assert (checked.state, checked.applied, checked.failed) == ("checked", 1, 1)
    assert _contents() == before
    assert "S7" not in organisations.stores_of(brand_id=store.scope.brand_id)
    done = run(store, view, options={"create_stores": "yes"})
    assert (done.state, done.applied, done.failed) == ("done", 1, 1)
    assert "S7" in organisations.stores_of(brand_id=store.scope.brand_id, codes=["S7"])
    assert store.balance(anna) == (12, 0, 0, 0)


def _contents() -> dict[str, int]:
    """Rows of every table but those of the imports themselves and the audit log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname !~ '^pg_|^sql_'")
        names = [row[0] for row in cursor.fetchall() if not row[0].startswith(("import_", "audit"))]
        counts = {}
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {name}")
            counts[name] = cursor.fetchone()[0]
    return counts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_recognised(encoding: str) -> None:
    store = shop()
    anna = member(store, ANNA)
    content = csv_of([("单1", ANNA, "2026-03-05", "一店", "牛奶", "1", "12.50")], encoding=encoding)
    view = upload(store, content)
    assert imports.preview(scope=store.scope, import_id=view.id).sample == [
        ["单1", ANNA, "2026-03-05", "一店", "牛奶", "1", "12.50"]
    ]
    done = run(store, view)
    assert (done.applied, done.failed) == (1, 0), errors(store, view)
    assert store.balance(anna) == (12, 0, 0, 0)


def test_semicolons_fen_and_times_of_elsewhere() -> None:
    store = shop()
    anna = member(store, ANNA)
    content = b"order id;mobile;date;clock;total\nX-1;+86 138-0000-0001;05/03/2026;01:30:00;1250\n"
    view = upload(store, content)
    assert view.mapping.columns == {
        "number": "order id", "phone": "mobile", "occurred_at": "date", "time": "clock", "amount": "total",
    }  # fmt: skip
    run(
        store,
        view,
        constants={"store": "S2", "source": "pos"},
        options={"money": "minor", "date_format": "dmy", "timezone": "America/New_York"},
    )
    assert store.balance(anna) == (12, 0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.source, a.occurred_at, s.code FROM activity a JOIN store s ON s.id = a.store_id"
        )
        # 5 March, 01:30 in New York (UTC-5)
        assert cursor.fetchall() == [("pos", datetime(2026, 3, 5, 6, 30, tzinfo=UTC), "S2")]


def test_excel() -> None:
    store = shop()
    anna = member(store, ANNA)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("订单")
    sheet.write_row(1, 0, HEADERS)  # the first row is empty: data begins in row 3
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for row, (number, amount) in enumerate([("A1", 0.1 + 0.2), ("A1", 12.2), ("A2", "abc")], 2):
        sheet.write_row(row, 0, [number, 13800000001])
        sheet.write_datetime(row, 2, datetime(2026, 3, 5, 9, 0), when)
        sheet.write_row(row, 3, ["S1", 6901234567892, 1, amount])
    book.close()
    view = upload(store, out.getvalue(), name="orders.xlsx")
    done = run(store, view)
    assert (done.applied, done.failed) == (1, 1)
    assert errors(store, view) == [(5, "实付金额", "not_number")]
    # 0.30 + 12.20 = 12.50 yuan
    assert store.balance(anna) == (12, 0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT amount, body #>> '{order,lines,0,sku}' FROM activity")
        assert cursor.fetchall() == [(1250, "6901234567892")]


def test_parquet_in_row_groups() -> None:
    store = shop()
    members = {n: member(store, f"1380000{n:04d}") for n in range(5)}
    rows = 5000
    table = pa.table(
        {
            "basket_id": [n // 2 for n in range(rows)],  # 2 500 orders of two lines
            "phone": [f"1380000{n // 2 % 5:04d}" for n in range(rows)],
            "timestamp": pa.array(
                [datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1e9 + n // 2 * 60e9 for n in range(rows)],
                pa.float64(),
            ).cast(pa.int64()).cast(pa.timestamp("ns", "UTC")),
            "sales_value": [1.25] * rows,
        }
    )  # fmt: skip
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=700)
    view = upload(store, out.getvalue(), name="orders.parquet")
    assert imports.preview(scope=store.scope, import_id=view.id).rows == rows
    done = run(store, view)
    assert (done.total, done.applied, done.failed) == (2500, 2500, 0)
    for id_ in members.values():
        # 500 orders of 2.50 yuan: 2 points each
        assert store.balance(id_) == (1000, 0, 0, 0)
    store.clean()


def test_rows_that_lie_apart_and_in_no_order_of_time() -> None:
    """Lines of one order at both ends of the file, newest first: what one clean file in order gives."""
    store = shop()
    anna = member(store, ANNA)
    rows = [("A1", ANNA, "2026-02-01", "S1", "milk", "1", "600.50")]
    rows += [(f"N{n}", ANNA, f"2026-03-{28 - n:02d}", "S1", "milk", "1", "10") for n in range(20)]
    rows += [("A1", ANNA, "2026-02-01", "S1", "bread", "1", "400.50")]
    done = run(store, upload(store, csv_of(rows)))
    assert (done.total, done.applied) == (21, 21)
    # 1001.00 + 20 × 10.00 = 1 201 yuan, whole yuan in each order
    assert store.balance(anna) == (1201, 0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT kind FROM entry")
        assert cursor.fetchall() == [("earn",)]  # nothing was late, so nothing was repaired
        cursor.execute("SELECT occurred_at FROM tier_change WHERE tier = 'silver'")
        # silver by the order of 1 February (Shanghai midnight)
        assert cursor.fetchall() == [(datetime(2026, 1, 31, 16, tzinfo=UTC),)]


def test_rows_of_an_order_must_agree() -> None:
    store = shop()
    member(store, ANNA)
    member(store, BEN)
    view = upload(
        store,
        csv_of(
            [
                ("A1", ANNA, "2026-03-05", "S1", "milk", "1", "1"),
                ("A1", BEN, "2026-03-05", "S1", "milk", "1", "1"),
                ("A2", ANNA, "2026-03-05", "S1", "milk", "1", "1"),
                ("A2", "", "2026-03-05", "", "milk", "1", "1"),
            ]
        ),
    )
    done = run(store, view)
    assert (done.applied, done.failed) == (1, 1)
    assert errors(store, view) == [(2, "", "order_left_out"), (3, "手机号", "differs")]


def test_a_mapping_that_cannot_work_is_refused_whole() -> None:
    store = shop()
    view = upload(store, csv_of([("A1", ANNA, "2026-03-05", "S1", "milk", "1", "1")]))
    mapping = Mapping({"number": "nope", "nonsense": "订单号"}, {"store": "S9"}, {"money": "dollars"})
    with pytest.raises(Refusal) as refused:
        imports.start(scope=store.scope, import_id=view.id, mapping=mapping, dry=False, now=NOW)
    assert {(e.field, e.code) for e in refused.value.errors} == {
        ("mapping.number", "no_column"),
        ("mapping.nonsense", "unknown_target"),
        ("mapping.occurred_at", "required"),
        ("mapping.amount", "required"),
        ("mapping.phone", "required"),
        ("options.money", "bad_option"),
        ("constants.store", "unknown_store"),
    }
    assert imports.get_import(scope=store.scope, import_id=view.id, now=NOW).state == "ready"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00"])
def test_files_that_are_none(content: bytes) -> None:
    store = shop()
    with pytest.raises(Refusal) as refused:
        upload(store, content)
    assert refused.value.code in ("empty_file", "bad_encoding")


def test_spoiled_files_are_refused_and_never_fail() -> None:
    store = shop()
    out = io.BytesIO()
    pq.write_table(pa.table({"order": list(range(3000)), "paid": ["x" * (n % 90) for n in range(3000)]}), out)
    whole = out.getvalue()
    # the middle of the data is overwritten: headers and footer are good, pages are not
    spoiled = whole[:200] + bytes(len(whole) - 2200) + whole[-2000:]
    for name, content in {
        "a.parquet": spoiled,
        "b.parquet": b"PAR1" + b"\x01" * 400 + b"PAR1",
        "c.xlsx": b"PK\x03\x04" + b"\x07" * 400,
    }.items():
        with pytest.raises(Refusal) as refused:
            upload(store, content, name=name)
        assert refused.value.code in ("bad_parquet", "bad_excel"), name
    view = upload(store, csv_of([("A1", ANNA, "2026-03-05", "S1", "milk", "1", "1")]))
    for options in ({"encoding": "rot13"}, {"delimiter": '"'}, {"encoding": "utf-16"}):
        with pytest.raises(Refusal):
            imports.preview(scope=store.scope, import_id=view.id, options=options)
