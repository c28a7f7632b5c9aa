"""The typeface of what is printed: Noto Sans SC (SIL Open Font License 1.1), embedded, so that Chinese looks the same
wherever it is read.

`fonts/NotoSansSC-GB2312.ttf` holds the 7 445 signs of GB 2312 and those of Western Europe. Signs beyond them, in rare
names, are left to the reader's own Chinese font, by Adobe's CID font.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

NAME = "NotoSansSC"
_RARE = "STSong-Light"  # which readers bring
_FILE = Path(__file__).parent / "fonts" / "NotoSansSC-GB2312.ttf"


@cache
def _face() -> Any:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(NAME, str(_FILE))
    pdfmetrics.registerFont(font)
    pdfmetrics.registerFont(UnicodeCIDFont(_RARE))
    return font.face


def register() -> None:
    """Make the typeface known by `NAME`; a second time costs nothing."""
    _face()


def font_for(text: str) -> str:
    """The font for a text that is drawn whole: the embedded one, unless a sign of it is missing there."""
    return NAME if all(_has(sign) for sign in text) else _RARE


def marked(text: str) -> str:
    """The text for a paragraph: its signs escaped, rare ones in the font that has them."""
    parts = []
    for known, signs in groupby(text, _has):
        run = escape("".join(signs))
        parts.append(run if known else f'<font name="{_RARE}">{run}</font>')
    return "".join(parts)


def _has(sign: str) -> bool:
    return sign.isspace() or ord(sign) in _face().charToGlyph
