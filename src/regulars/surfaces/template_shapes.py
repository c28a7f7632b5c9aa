"""Shapes of operators' templates and short links, shared by the public API and the console."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Query, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.kit.text import Text
from regulars.messaging.types import Content
from regulars.surfaces.source_names import MessageSourceOut

_CLEAN = r"^[^\x00]*$"
TemplateCode = Annotated[str, StringConstraints(min_length=1, max_length=48, pattern=_CLEAN)]
TemplateChannel = Literal["sms", "email", "inbox", "wechat", "wecom", "push", "webhook", "task"]
TemplatePurpose = Literal["marketing", "service"]
TemplateLanguage = Literal["zh", "en"]
LinkSource = Annotated[str, Query(max_length=120, pattern=_CLEAN)]
LinkDays = Annotated[int, Query(ge=1, le=400)]
_Name = Annotated[str, StringConstraints(max_length=80, pattern=_CLEAN)]
_Words = Annotated[str, StringConstraints(max_length=60_000, pattern=_CLEAN)]
_Line = Annotated[str, StringConstraints(max_length=1000, pattern=_CLEAN)]
_Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class TemplateNameIO(_Shape):
    """A name in Chinese and English; one left empty borrows the other."""

    zh: _Name = ""
    en: _Name = ""

    def to_text(self) -> Text:
        zh, en = self.zh.strip(), self.en.strip()
        return Text(zh or en, en or zh)


class TemplateFieldIO(_Shape):
    """A parameter of a provider's own template, or a field of a webhook's body."""

    name: _Key
    value: _Words


class TemplateContentIO(_Shape):
    """What a channel says in one language; texts are Liquid. `sign` of text messages, `template` the provider's id."""

    subject: _Line = ""
    body: _Words = ""
    html: _Words = ""
    url: _Line = ""
    sign: _Line = ""
    template: _Line = ""
    data: Annotated[list[TemplateFieldIO], Field(max_length=30)] = []

    def to_content(self) -> Content:
        return Content(
            subject=self.subject,
            body=self.body,
            html=self.html,
            url=self.url,
            sign=self.sign.strip(),
            template=self.template.strip(),
            data=tuple((one.name, one.value) for one in self.data),
        )


Contents = dict[TemplateChannel, dict[TemplateLanguage, TemplateContentIO]]
Links = Annotated[dict[str, _Line], Field(max_length=10)]
Samples = Annotated[dict[str, Any], Field(max_length=40)]


class TemplateIn(_Shape):
    """A template's draft: `contents` by channel (in the order in which they are tried) and language. `links`: `main`
    is the variable `link`, others are `links.<name>`. `samples`: the template's own variables, with a value to show."""

    name: TemplateNameIO
    purpose: TemplatePurpose
    contents: Contents
    links: Links = {}
    samples: Samples = {}


class TemplateProblemOut(Schema):
    """What is wrong with a text, by field and line (from 1)."""

    field: str
    line: int
    code: str
    message: str


class TemplateVersionOut(Schema):
    number: int
    state: Literal["draft", "submitted", "approved", "rejected"]
    origin: Literal["staff", "endpoint", "ready_made"]
    contents: dict[str, dict[str, TemplateContentIO]]
    channels: list[str]
    links: dict[str, str]
    samples: dict[str, Any]
    made_by: str
    made_at: datetime
    submitted_by: str
    submitted_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    note: str


class TemplateRowOut(Schema):
    """`live`: the number of the version that is sent; null before the first approval. `state` is the newest's."""

    code: str
    name: TemplateNameIO
    label: str
    purpose: TemplatePurpose
    archived: bool
    live: int | None
    number: int
    state: Literal["draft", "submitted", "approved", "rejected"]
    channels: list[str]
    updated_at: datetime


class TemplateOut(TemplateRowOut):
    """`newest` is what is worked on or was decided last; `problems` keep it from being submitted."""

    version: TemplateVersionOut | None
    newest: TemplateVersionOut
    problems: list[TemplateProblemOut]


class TemplateDecisionIn(_Shape):
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    approve: bool
    note: Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)] = ""


class TemplateArchiveIn(_Shape):
    archived: bool


class TemplatePreviewIn(_Shape):
    """One content; for a `member` (her code) or, without one, for samples."""

    channel: TemplateChannel
    language: TemplateLanguage
    content: TemplateContentIO
    purpose: TemplatePurpose = "marketing"
    links: Links = {}
    samples: Samples = {}
    member: Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)] = ""


class SmsSegmentsOut(Schema):
    """`parts` are what a text message costs; `length` in units of its `encoding`."""

    encoding: Literal["gsm7", "ucs2"]
    length: int
    parts: int
    per_part: int


class TemplatePreviewOut(Schema):
    subject: str
    body: str
    html: str
    url: str
    data: dict[str, str]
    segments: SmsSegmentsOut | None
    problems: list[TemplateProblemOut]


class TemplateTestIn(_Shape):
    """`to`: an address; by inbox, webhook and staff task it goes to the `member`, whose words it says by the others."""

    number: Annotated[int, Field(ge=1, le=1_000_000)]
    channel: TemplateChannel
    language: TemplateLanguage
    to: Annotated[str, StringConstraints(max_length=200, pattern=_CLEAN)] = ""
    member: Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)] = ""


class TemplateTestedOut(Schema):
    """What became of a test. `error` is what the provider said."""

    state: Literal["sandboxed", "sent", "failed", "retry", "uncertain"]
    error: str


class TemplateVariableOut(Schema):
    name: str
    group: str
    group_label: str
    label: str
    sample: Any


class TemplateVariablesOut(Schema):
    """Everything that texts may name, and the filters they may use."""

    items: list[TemplateVariableOut]
    filters: list[str]


class TemplatesMadeOut(Schema):
    """The codes of templates that were made."""

    made: list[str]


class LinkTallyOut(Schema):
    """Links of one source, template and name: made for so many, clicked by so many, clicks in all. `trend`: clicks a
    day up to today; a week where more than 92 days are asked about."""

    source: str
    asked_by: MessageSourceOut
    template: str
    name: str
    target: str
    made: int
    clicked: int
    clicks: int
    last_on: date
    trend: list[int]


class LinkDayOut(Schema):
    day: date
    made: int
    clicked: int
    clicks: int


class LinkSitesOut(Schema):
    """Hosts that links may lead to: ours, and those the brand registered."""

    ours: list[str]
    domains: list[str]


class LinkSitesIn(_Shape):
    domains: Annotated[
        list[Annotated[str, StringConstraints(max_length=253, pattern=_CLEAN)]], Field(max_length=50)
    ]
