from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import copy_of_template, drop_copy, using_database

if TYPE_CHECKING:
    from regulars.flows.demo import api as demo


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIRECTORY = tmp_path / "files"


@pytest.fixture(scope="session")
def _filled_once(
    django_db_setup: None, django_db_blocker: Any, postgres: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, demo.Filled]]:
    """A database in which the demo of the first households is, made when a module first asks for it."""
    from django.conf import settings
    from tests.demo.baskets import fill

    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():
        patched.setattr(settings, "FILES_DIRECTORY", tmp_path_factory.mktemp("files"))
        name = copy_of_template(postgres, "filled")
        with using_database(name):
            made = fill()
    yield name, made
    with django_db_blocker.unblock():
        drop_copy(postgres, name)


@pytest.fixture(scope="module")
def filled(_filled_once: tuple[str, demo.Filled]) -> Iterator[demo.Filled]:
    """The demo as it was made at NOW. From the first test that takes it to its end a module works in that database."""
    name, made = _filled_once
    with using_database(name):
        yield made
