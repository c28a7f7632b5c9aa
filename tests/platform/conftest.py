"""Small tenants to test against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.platform.tenants import Tenant


@pytest.fixture
def tenant(db: None) -> Tenant:
    from tests.platform.tenants import make_tenant

    return make_tenant("acme")


@pytest.fixture
def foreign(db: None) -> Tenant:
    from tests.platform.tenants import make_tenant

    return make_tenant("rival")


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    from regulars.surfaces import rates

    rates.forget()
