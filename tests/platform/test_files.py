"""Stored files: what is taken, where it lies, and how it goes."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.files import api, store, types

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
ORGANISATION, BRAND = new_id(), new_id()
pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture(autouse=True)
def directory(settings, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    settings.FILES_DIRECTORY = tmp_path / "files"
    return tmp_path / "files"


def save(name: str = "orders.csv", content: bytes = b"a,b\n1,2\n", kind: str = "upload") -> types.StoredFile:
    return api.save(
        organisation_id=ORGANISATION, brand_id=BRAND, kind=kind, name=name, source=content, now=NOW
    )


def stored(directory: Path) -> list[Path]:
    return [p for p in directory.rglob("*") if p.is_file()]


def test_a_file_comes_back_and_its_name_says_nothing_of_where_it_lies(directory: Path) -> None:
    content = os.urandom(3_000_000).replace(b"\x00", b"1")
    kept = api.save(
        organisation_id=ORGANISATION,
        brand_id=BRAND,
        kind="upload",
        name="订单.csv",
        source=io.BytesIO(content),
        now=NOW,
    )
    with api.open_file(organisation_id=ORGANISATION, file_id=kept.id) as handle:
        assert handle.read() == content
    assert (kept.size, kept.sha256, kept.name) == (len(content), hashlib.sha256(content).digest(), "订单.csv")
    (path,) = stored(directory)
    assert "订单" not in str(path) and str(kept.id) not in str(path)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\x\\y.csv", "y.csv"),
        ('a"b\n.csv', "a_b_.csv"),
        ("..csv", "csv"),
    ],
)
def test_names_are_cleaned(sent: str, kept: str) -> None:
    assert store.clean_name(sent) == kept


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("upload", "evil.html", b"<script>"),
        ("upload", "noname", b"a"),
        ("upload", "book.xlsx", b"not a zip"),
        ("upload", "binary.csv", b"a\x00b"),
        ("image", "logo.svg", b"<svg onload=x>"),
        ("image", "logo.png", b"<svg onload=x>"),
        ("image", "logo.webp", b"RIFF0000WAVE"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    directory: Path, kind: str, name: str, content: bytes
) -> None:
    with pytest.raises(Refusal) as refusal:
        save(name, content, kind)
    assert refusal.value.errors[0].field == "file"
    assert not stored(directory)


def test_too_large_is_refused_while_reading_and_leaves_nothing(directory: Path) -> None:
    with pytest.raises(Refusal) as refusal:
        save("big.png", PNG + b"0" * (2 * types.MEGABYTE), "image")
    assert (refusal.value.code, refusal.value.status) == ("too_large", 413)
    assert not stored(directory)


def test_another_tenants_file_is_not_found() -> None:
    kept = save()
    for organisation, brand in [(new_id(), None), (ORGANISATION, new_id())]:
        with pytest.raises(Refusal) as refusal:
            api.get_file(organisation_id=organisation, brand_id=brand, file_id=kept.id)
        assert refusal.value.status == 404


def test_files_expire_and_orphans_are_swept(
    directory: Path,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    image = save("logo.png", PNG, "image")
    save(kind="export")
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete_expired(NOW + timedelta(days=6)) == 0
        assert api.delete_expired(NOW + timedelta(days=7)) == 1
    assert len(stored(directory)) == 1
    with pytest.raises(RuntimeError), transaction.atomic():
        save()
        raise RuntimeError
    (directory / "incoming" / "tmp123").write_bytes(b"half")
    assert api.sweep_orphans(datetime.now(UTC)) == 0
    assert api.sweep_orphans(datetime.now(UTC) + timedelta(days=2)) == 2
    assert api.path_of(organisation_id=ORGANISATION, file_id=image.id).exists()


def test_a_deleted_file_is_gone_after_the_commit(
    directory: Path,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    kept = save()
    with django_capture_on_commit_callbacks(execute=True):
        api.delete_file(organisation_id=new_id(), file_id=kept.id)
        assert stored(directory)
        api.delete_file(organisation_id=ORGANISATION, file_id=kept.id)
    assert not stored(directory)
    api.delete_file(organisation_id=ORGANISATION, file_id=kept.id)
