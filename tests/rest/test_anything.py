"""Whatever is sent to whichever operation, the answer is one that the description names, and never a failure."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.rest.shop import Shop, order

from regulars.kit import clock

PARTS = 6
CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def described(real_db: None, shop: Shop) -> Any:
    """The API as described, with a member in it whom half of all requests are about."""
    member = shop.enrol(name="张小明", birthday="1990-03-08")
    posted = shop.call.post("/activities", order(member, "N1", 500_000, clock.now()))
    shop.call("PUT", "/tags/vip", {"name": {"zh": "贵宾", "en": "VIP"}}).ok()
    shop.call("PUT", "/profile-fields/skin", {"type": "text", "label": {"zh": "肤质", "en": "Skin"}}).ok()
    shop.call(
        "PUT",
        "/activity-types/yoga",
        {
            "name": {"zh": "瑜伽", "en": "Yoga"},
            "fields": [{"key": "minutes", "type": "int", "label": {"zh": "分钟", "en": "minutes"}}],
        },
    ).ok()
    hold = shop.call.post(f"/members/{member}/holds", {"unit": "points", "amount": 10}, Idempotency_Key="h")
    known = {
        "member": member,
        "activity_id": posted["activity_id"],
        "hold_id": hold["id"],
        "identity_id": shop.call.get(f"/members/{member}")["identities"][0]["id"],
        "scheme": "level",
        "benefit": "birthday-pack",
        "key": "skin",
        "code": "vip",
    }
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    choice = random.Random(7)

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: Any) -> Any:
        if not path_parameters:
            return path_parameters
        return {
            name: known.get(name, value) if choice.random() < 0.7 else value
            for name, value in path_parameters.items()
        }

    @schema.hook
    def map_body(context: Any, body: Any) -> Any:
        if isinstance(body, dict) and "unit" in body and choice.random() < 0.7:
            return {**body, "unit": "points"}
        if isinstance(body, dict) and isinstance(body.get("member"), dict) and choice.random() < 0.7:
            return {**body, "member": {"id": member}}
        return body

    schema.config.update(headers={"Authorization": f"Bearer {shop.call.token}", "Accept-Language": "en"})
    return schema


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_request_makes_the_api_fail(described: Any, part: int) -> None:
    tried = 0
    for found in itertools.islice(described.get_all_operations(), part, None, PARTS):
        operation = found.ok()

        @settings(
            max_examples=40,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            case.call_and_validate(checks=CHECKED)

        holds()
        tried += 1
    assert tried > 50
