"""Rendering. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from regulars.kit.text import Text
from regulars.messaging.types import Template

_PLACE = re.compile(r"\{(\w+)\}")


def render(
    template: Template, values: Mapping[str, str | int | Text], language: Literal["zh", "en"]
) -> tuple[str, str]:
    """Subject and body. Values are put in once and never read as places; a missing one raises KeyError."""

    def fill(text: Text) -> str:
        def value(match: re.Match[str]) -> str:
            found = values[match[1]]
            return found.in_language(language) if isinstance(found, Text) else str(found)

        return _PLACE.sub(value, text.in_language(language))

    return " ".join(fill(template.subject).split()), fill(template.body)


def kept(
    template: Template,
    values: Mapping[str, str | int | Text],
    *,
    subject: str,
    body: str,
    error: str,
    really_sent: bool,
) -> tuple[str, str, str]:
    """What the log may keep of a message and of what its provider said: of a secret that left, nothing of it."""
    if not template.secret or not really_sent:
        return subject, body, error
    for value in (str(one) for one in values.values()):
        if len(value) > 3:
            subject = "" if value in subject else subject
            error = error.replace(value, "…")
    return subject, "", error
