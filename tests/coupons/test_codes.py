"""Codes of others: read from files in the encodings people have, spelt as they are, the wrong rows told."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from tests.coupons.given import MARCH, code_of, issue, open_brand, put

from regulars.flows import coupon_codes as code_files
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.files import api as files
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIRECTORY = tmp_path / "files"


@pytest.fixture
def scope() -> Scope:
    return open_brand()


def read(scope: Scope, content: bytes, name: str = "codes.csv", **more: Any) -> Any:
    return code_files.import_codes(
        scope=scope, definition="tea", name=name, source=content, now=MARCH, **more
    )


def test_spelt_exactly_in_any_encoding(scope: Scope) -> None:
    put(scope)
    for n, encoding in enumerate(("utf-8-sig", "gb18030", "utf-16")):
        content = f"名称,券码\n奶茶,{n}aB-中文x\n奶茶,{n}ab-中文x\n".encode(encoding)
        done = read(scope, content)
        assert (done.added, done.refused, done.batch.count) == (2, 0, 2)
        assert coupons.find_code(brand_id=scope.brand_id, code=f"{n}aB-中文x").code == f"{n}aB-中文x"
    assert code_of(lambda: coupons.find_code(brand_id=scope.brand_id, code="0AB-中文X")) == "not_found"


def test_wrong_rows_are_told_and_the_good_ones_stay(scope: Scope) -> None:
    put(scope)
    put(scope, "cake")
    read(scope, b"code\nOLD1\n")
    rows = ["NEW1", "OLD1", "", "NEW1", "x" * 65, "a\u200bb", "=1+1", "NEW2"]
    out = io.StringIO()
    csv.writer(out).writerows([["code", "note"], *[[row, "n"] for row in rows]])
    done = read(scope, out.getvalue().encode("utf-8"), language="en")
    assert (done.added, done.refused) == (3, 5)
    assert [(row, code) for row, code, _ in done.first_errors] == [
        (3, "code_taken"),
        (4, "empty"),
        (5, "twice"),
        (6, "too_long"),
        (7, "bad_character"),
    ]
    path = files.path_of(organisation_id=scope.organisation_id, file_id=done.error_file)
    listed = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    assert listed[:2] == [["row", "code", "reason"], ["3", "OLD1", "the code is known already"]]
    text = b"".join(code_files.codes_csv(brand_id=scope.brand_id, batch=done.batch)).decode("utf-8-sig")
    assert "'=1+1" in text  # no cell is run as a formula


def test_which_column(scope: Scope) -> None:
    put(scope)
    with pytest.raises(Refusal) as refused:
        read(scope, b"a,b\n1,2\n")
    assert [(e.field, e.code) for e in refused.value.errors] == [("column", "required")]
    assert read(scope, b"a,b\n1,2\n", column="b").added == 1
    assert coupons.find_code(brand_id=scope.brand_id, code="2").state == "free"
    assert code_of(lambda: read(scope, b"a,b\n1,2\n", column="c")) == "no_column"
    assert code_of(lambda: read(scope, b"")) == "empty_file"


def test_a_pool_is_handed_out_until_it_is_empty(scope: Scope) -> None:
    """Two codes of a partner and three members: each coupon carries one, the third member is refused."""
    put(scope, codes="pool", limits={"per_member": 1})
    read(scope, b"code\nVIDEO-1\nVIDEO-2\n")
    people = [new_id() for _ in range(3)]
    outcomes = issue(scope, *people)
    assert sorted(o.result for o in outcomes) == ["coupon_no_codes", "issued", "issued"]
    held = [h.coupon for p in people for h in coupons.wallet(brand_id=scope.brand_id, member_id=p, now=MARCH)]
    assert {coupon.code for coupon in held} == {"VIDEO-1", "VIDEO-2"}
    row = coupons.find_code(brand_id=scope.brand_id, code="VIDEO-1")
    assert (row.state, row.holder_id) == ("bound", next(c.member_id for c in held if c.code == "VIDEO-1"))
    read(scope, b"code\nVIDEO-3\n")
    refused = next(o.member_id for o in outcomes if o.result != "issued")
    assert [o.result for o in issue(scope, refused, key="again")] == ["issued"]


def test_reserved_codes_wait(scope: Scope) -> None:
    put(scope, claim={"channels": ["code"]})
    batch = coupons.make_codes(scope=scope, definition="tea", count=2, reserved_for="press", now=MARCH)
    assert {c.state for c in coupons.each_code(brand_id=scope.brand_id, batch_id=batch.id)} == {"reserved"}
    assert coupons.release_batch(scope=scope, batch_id=batch.id, now=MARCH) == 2
    assert {c.state for c in coupons.each_code(brand_id=scope.brand_id, batch_id=batch.id)} == {"free"}
    assert code_of(lambda: coupons.release_batch(scope=scope, batch_id=batch.id, now=MARCH)) == "no_codes"
    (listed,) = coupons.list_batches(brand_id=scope.brand_id, definition="tea").items
    assert (listed.count, dict(listed.states), listed.reserved_for) == (2, {"free": 2}, "")
    assert list(coupons.each_code(brand_id=new_id(), batch_id=batch.id)) == []
