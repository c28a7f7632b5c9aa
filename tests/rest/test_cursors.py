"""Every list of the public API, asked for its next page with a cursor that it never gave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.rest.bodies import body_for
from tests.rest.furnished import furnished
from tests.rest.shop import Shop
from tests.rest.test_tenancy import address

from regulars.kit import paging
from regulars.kit.ids import new_id

FORGED = (
    *([part] * parts for parts in (1, 2, 3) for part in ("x", "NaN", None, "2026-01-01T00:00:00")),
    # what a list by instant and id would take, but for the zone, or for an id that is none
    ["2026-01-01T00:00:00", str(new_id())],
    ["2026-01-01T00:00:00+00:00", "1"],
)


def lists() -> Iterator[str]:
    from regulars.surfaces.rest.application import api

    for path, operations in api.get_openapi_schema(path_prefix="")["paths"].items():
        if any(one["name"] == "cursor" for one in operations.get("get", {}).get("parameters", ())):
            yield path


def test_a_forged_cursor_is_refused_by_every_list_and_named(shop: Shop) -> None:
    walked: dict[str, Any] = furnished(shop)
    made = body_for("POST", "/gift-card-batches", walked["member"])
    shop.call.post("/gift-card-batches", made, Idempotency_Key="cards")
    cards = made["code"]
    paths = list(lists())
    assert len(paths) > 25
    answered, empty = [], []
    for path in paths:
        at = address(path, {**walked["filled"], **({"batch": cards} if "gift-card" in path else {})})
        if path == "/checkouts":
            at += f"?member={walked['member']}"
        if shop.call("GET", at).status != 200:
            empty.append(path)
            continue
        for forged in FORGED:
            found = shop.call("GET", f"{at}{'&' if '?' in at else '?'}cursor={paging.encode(forged)}")
            fields = [one["field"] for one in json.loads(found.content).get("errors") or ()]
            if (found.status, fields) != (422, ["cursor"]):
                answered.append((path, forged, found.status, fields))
    assert not answered, "\n".join(map(str, answered))
    assert empty == ["/campaigns/{campaign}/runs/{run}/members"]  # it has not begun to run
