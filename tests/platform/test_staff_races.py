"""Guessing in parallel, and two owners leaving at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from tests.platform.tenants import NOW, make_tenant

from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import SYSTEM
from regulars.platform.staff import api
from regulars.platform.staff.types import NewAssignment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def in_parallel(acts: list[Any], threads: int = 16) -> Counter[str]:
    def run(act: Any) -> str:
        try:
            act()
            return "done"
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(run, acts))


def test_parallel_guesses_get_eight_tries_between_them() -> None:
    tenant = make_tenant("acme")

    def guess() -> None:
        api.authenticate(email=tenant.owner.email, password="wrong", ip="192.0.2.1", now=NOW)

    assert in_parallel([guess] * 40) == {"wrong_credentials": 8, "too_many_attempts": 32}


def test_of_two_owners_leaving_at_once_one_stays() -> None:
    tenant = make_tenant("acme")
    second = tenant.hire("second@acme.example", NewAssignment("owner"))

    def leave(staff_id: Any) -> Any:
        return lambda: api.update_staff(
            organisation_id=tenant.id, by=SYSTEM, staff_id=staff_id, is_active=False, now=NOW
        )

    assert in_parallel([leave(tenant.owner.id), leave(second.id)]) == {"done": 1, "last_owner": 1}
