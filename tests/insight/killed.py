"""A process that exports and stops for ever just before the n-th commit to the manifest, with its files in place.

`python -m tests.insight.killed DATABASE BRAND DIRECTORY N`: says `files` when it is there, and waits to be killed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any
from uuid import UUID


def main() -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(json.loads(sys.argv[1]))
    settings.WAREHOUSE_DIRECTORY = sys.argv[3]
    django.setup()
    from regulars.insight.warehouse import api as warehouse
    from regulars.insight.warehouse import store
    from regulars.kit import clock

    left = int(sys.argv[4])
    commit = store.commit

    def stops(*given: Any, **named: Any) -> None:
        nonlocal left
        if named["parts"]:
            left -= 1
            if left == 0:
                print("files", flush=True)
                time.sleep(600)
        commit(*given, **named)

    store.commit = stops
    warehouse.export(brand_id=UUID(sys.argv[2]), now=clock.now())
    print("done", flush=True)


if __name__ == "__main__":
    main()
