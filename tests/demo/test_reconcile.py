"""`regulars reconcile`: what it prints and when it fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from tests.intake.world import burn, order, points, programme, rule, world

from regulars.project.plainly import PlainError
from regulars.surfaces.cli import reconcile

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)


def test_clean_books_and_each_difference_with_its_member(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    store = world(programme([rule("base", points())]))
    anna, ben = store.member("13800000001"), store.member("13800000002")
    # 120 + 30 points, 50 of the first spent: 100 are held by members
    store.one(order(anna, "A", 12_000, at=AT))
    store.one(order(ben, "B", 3_050, at=AT))
    store.one(burn(anna, "k", 50, at=AT))
    assert reconcile._reconcile("") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == ("test · points: held by members 100, programme side 100 (issued +150, redeemed -50)")
    assert said[1].startswith("0 differences, ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM membership WHERE member_id = %s", [ben])
        code = cursor.fetchone()[0]
        cursor.execute("UPDATE balance SET available = 37 WHERE member_id = %s", [ben])
    assert reconcile._reconcile("test") == 3
    said = capsys.readouterr().out.splitlines()
    assert said[1:4] == [
        f"  test · {code} · points: entries ≠ available, 37 expected, 30 found",
        f"  test · {code} · points: lots ≠ available, 37 expected, 30 found",
        "  test · – · points: held by members ≠ programme side, 107 expected, 100 found",
    ]


def test_an_unknown_brand_is_said_plainly() -> None:
    with pytest.raises(PlainError) as refused:
        reconcile._reconcile("nowhere")
    assert "nowhere" in refused.value.en
