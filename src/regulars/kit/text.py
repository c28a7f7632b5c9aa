"""Text in the languages people read: a value carries both, the reader's language picks one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["zh", "en"]
DEFAULT_LANGUAGE: Language = "zh"
_APART = "\x1f"  # the unit separator of ASCII: nothing that people write


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Chinese and English. `{name}` places are filled by `format`."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def format(self, **values: Any) -> Text:
        """Fill the places; a value that is itself a `Text` is filled in its own language."""
        return Text(
            zh=self.zh.format(**{k: _pick(v, "zh") for k, v in values.items()}),
            en=self.en.format(**{k: _pick(v, "en") for k, v in values.items()}),
        )

    def to_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}

    def kept(self, most: int = 500) -> str:
        """Both languages in one text, for a column that held one: each is cut to half of `most`."""
        half = most // 2 - 1
        return self.zh[:most] if self.zh == self.en else f"{self.zh[:half]}{_APART}{self.en[:half]}"

    @classmethod
    def of_kept(cls, kept: str) -> Text:
        """What `kept` made, or a text of one language as it is."""
        zh, apart, en = kept.partition(_APART)
        return cls(zh, en if apart else zh)

    @classmethod
    def from_json(cls, value: Mapping[str, str] | str) -> Text:
        """From `{"zh": …, "en": …}` (a missing one borrows the other) or one string for both."""
        if isinstance(value, str):
            return cls(value, value)
        zh, en = value.get("zh", ""), value.get("en", "")
        return cls(zh or en, en or zh)


def language_of(header: str | None) -> Language:
    """The language to answer in, from an `Accept-Language` header: the first of zh/en by weight, else zh."""
    best: tuple[float, Language] | None = None
    for part in (header or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        code = tag.strip().lower()[:2]
        if code not in ("zh", "en"):
            continue
        try:
            weight = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
        except ValueError:
            continue
        if best is None or weight > best[0]:
            best = (weight, "zh" if code == "zh" else "en")
    return best[1] if best else DEFAULT_LANGUAGE


def _pick(value: Any, language: Language) -> Any:
    return value.in_language(language) if isinstance(value, Text) else value
