"""What serves pages starts light: analytics is loaded by the process that reckons at night, and by who asks for it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"duckdb", "ibis", "numpy", "pandas", "pyarrow", "rjieba", "scipy", "sklearn", "vaderSentiment"}
_ASK = """
import sys
import django
django.setup()
import regulars.project.urls
from django.urls import get_resolver
waiting = [get_resolver()]
while waiting:
    waiting += [one for one in waiting.pop().url_patterns if hasattr(one, "url_patterns")]
from regulars.project import worker
{more}
print(",".join(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def _loaded(more: str = "") -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(more=more)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.strip().split(","))


def test_web_processes_load_no_analytics() -> None:
    loaded = _loaded()
    assert "django" in loaded and "ninja" in loaded
    assert loaded & HEAVY == set()
