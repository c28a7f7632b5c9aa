"""`make bench`: every bench, one after the other, each beside its yardstick. Figures go to bench/RESULTS.md by hand."""

from __future__ import annotations

import platform
import subprocess
import sys

BENCHES = (
    "conditions",
    "decide",
    "pricing",
    "intake",
    "single",
    "member360",
    "reconcile",
    "coupons",
    "segments",
    "journeys",
    "demo",
)


def main() -> None:
    print(f"{platform.platform()}, Python {platform.python_version()}")
    failed = []
    for name in BENCHES:
        print(f"\n== bench.{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
