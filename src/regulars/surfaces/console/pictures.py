"""QR codes as pictures that print at any size."""

from __future__ import annotations

import io
from urllib.parse import quote

import segno
from django.http import HttpResponse


def qr(text: str, *, name: str) -> HttpResponse:
    """`text` as an SVG, to be kept under `name`; no cache may keep it."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=2, scale=8, xmldecl=False)
    answer = HttpResponse(picture.getvalue(), content_type="image/svg+xml")
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    answer["Cache-Control"] = "no-store"
    return answer
