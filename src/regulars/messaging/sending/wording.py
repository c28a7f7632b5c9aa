"""The words of a batch: templates looked up once, what is known of members read once, each message filled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.kit.text import Text
from regulars.messaging import policy
from regulars.messaging.contents import prepare
from regulars.messaging.store import templates as template_store
from regulars.messaging.templates import TEMPLATES
from regulars.messaging.types import Rendered
from regulars.messaging.wording import Recipient, RenderFailed, TemplateVersion
from regulars.platform.organisations.types import Brand

_BUILT_IN_CHANNELS = ("inbox", "email", "sms")
_NO_TEMPLATE = Text("模板不存在或未通过审批", "There is no approved template of this code")
_BROKEN = Text("生成内容时出错", "Something went wrong while the words were made")


@dataclass(frozen=True, slots=True)
class Words:
    """Templates by code: the operators' approved versions and, beside them, those that come with Regulars."""

    brand: Brand
    live: Mapping[str, TemplateVersion]

    def channels_of(self, code: str) -> tuple[str, ...]:
        """Where a template says something; nothing where it does not exist."""
        if code in self.live:
            return tuple(self.live[code].channels)
        return _BUILT_IN_CHANNELS if code in TEMPLATES else ()

    def silent(self, code: str, channels: Collection[str]) -> set[str]:
        """Those of the channels for which an operator's template has no words."""
        return set(channels) - set(self.live[code].channels) if code in self.live else set()

    def fill(
        self, code: str, *, channel: str, recipients: Sequence[Recipient], now: datetime
    ) -> list[Rendered | RenderFailed]:
        """For each recipient the words, or why there are none; raises nothing."""
        version = self.live.get(code)
        if version is None:
            return [self._one(code, one) for one in recipients]
        found = prepare.render_many(
            brand=self.brand, version=version, channel=channel, recipients=recipients, now=now
        )
        return [found[one.send_id] for one in recipients]

    def _one(self, code: str, to: Recipient) -> Rendered | RenderFailed:
        try:
            if code not in TEMPLATES:
                return RenderFailed("no_template", code, _NO_TEMPLATE)
            plain = {key: _plain(value) for key, value in to.values.items()}
            words = policy.render(TEMPLATES[code], {"brand": self.brand.name, **plain}, to.language)
            return Rendered(*words, version=0)
        except KeyError as missing:
            name = str(missing.args[0])
            lacking = Text("缺少变量 {name}", "A value is missing: {name}").format(name=name)
            return RenderFailed("missing_variable", name, lacking)
        except Exception as error:  # words of one member must not keep the others waiting
            return RenderFailed("broken", type(error).__name__, _BROKEN)


def words_of(*, brand: Brand, codes: Collection[str]) -> Words:
    return Words(brand, template_store.live_of(brand_id=brand.id, codes=codes))


def _plain(value: Any) -> Any:
    """Values that travelled as JSON: a text in both languages is one again."""
    return Text.from_json(value) if isinstance(value, dict) and value.keys() <= {"zh", "en"} else value
