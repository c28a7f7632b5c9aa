"""Operators' templates and short links as the public API and the console show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.messaging import api as messaging
from regulars.messaging.types import ADDRESS_OF, Content, MessageTemplate, Problem, TemplateVersion
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.surfaces.source_names import names_of
from regulars.surfaces.template_shapes import (
    LinkDayOut,
    LinkSitesIn,
    LinkSitesOut,
    LinkTallyOut,
    SmsSegmentsOut,
    TemplateContentIO,
    TemplateDecisionIn,
    TemplateFieldIO,
    TemplateIn,
    TemplateNameIO,
    TemplateOut,
    TemplatePreviewIn,
    TemplatePreviewOut,
    TemplateProblemOut,
    TemplateRowOut,
    TemplateTestedOut,
    TemplateTestIn,
    TemplateVariableOut,
    TemplateVariablesOut,
    TemplateVersionOut,
)

_MOST_SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class TemplateViewer:
    """Templates as one caller sees them, in her language."""

    scope: Scope
    language: Language
    now: datetime

    @property
    def brand(self) -> Brand:
        return organisations.get_brand(brand_id=self.scope.brand_id)

    def listed(self, *, archived: bool) -> list[TemplateRowOut]:
        found = messaging.list_templates(brand_id=self.scope.brand_id, archived=archived)
        return [TemplateRowOut(**self._row(one)) for one in found if one.latest is not None]

    def one(self, code: str) -> TemplateOut:
        return self.shown(messaging.get_template(brand_id=self.scope.brand_id, code=code))

    def versions(self, code: str) -> list[TemplateVersionOut]:
        found = messaging.list_template_versions(brand_id=self.scope.brand_id, code=code)
        return [version_out(one) for one in found]

    def save(self, code: str, given: TemplateIn, *, origin: str = "staff") -> TemplateOut:
        _check_samples(given.samples)
        made = messaging.save_template(
            scope=self.scope,
            code=code,
            name=given.name.to_text(),
            purpose=given.purpose,
            contents=contents_of(given),
            links=given.links,
            samples=given.samples,
            origin=origin,
            now=self.now,
        )
        return self.shown(made)

    def submit(self, code: str) -> TemplateOut:
        return self.shown(messaging.submit_template(scope=self.scope, code=code, now=self.now))

    def withdraw(self, code: str) -> TemplateOut:
        return self.shown(messaging.withdraw_template(scope=self.scope, code=code, now=self.now))

    def decide(self, code: str, given: TemplateDecisionIn) -> TemplateOut:
        made = messaging.decide_template(
            scope=self.scope,
            code=code,
            number=given.number,
            approve=given.approve,
            note=given.note,
            now=self.now,
        )
        return self.shown(made)

    def archive(self, code: str, *, archived: bool) -> TemplateOut:
        return self.shown(
            messaging.archive_template(scope=self.scope, code=code, archived=archived, now=self.now)
        )

    def preview(self, given: TemplatePreviewIn) -> TemplatePreviewOut:
        _check_samples(given.samples)
        content = given.content.to_content()
        found = messaging.preview_template(
            brand=self.brand,
            scope=self.scope,
            content=content,
            channel=given.channel,
            language=given.language,
            links=given.links,
            samples=given.samples,
            member_id=self._member(given.member),
            now=self.now,
        )
        problems = [
            one
            for one in messaging.find_problems(
                purpose=given.purpose,
                contents={given.channel: {"zh": content, "en": content}},
                links=given.links,
                samples=given.samples,
            )
            if one.field.startswith(f"contents.{given.channel}.{given.language}")
        ]
        if found.failed is not None and not problems:
            problems = [found.failed]
        return TemplatePreviewOut(
            subject=found.subject,
            body=found.body,
            html=str(found.extra.get("html", "")),
            url=str(found.extra.get("url", "")),
            data=dict(found.parameters),
            segments=SmsSegmentsOut(**asdict(found.segments)) if found.segments else None,
            problems=[self.problem(one) for one in problems],
        )

    def try_out(self, code: str, given: TemplateTestIn) -> TemplateTestedOut:
        her, to = given.member, given.to
        if given.channel not in ADDRESS_OF:  # it goes to a member, not to an address of hers
            her = her or to
            if not her:
                raise invalid_field("member", "required", "请选择会员", "Choose a member")
        try:
            member_id = self._member(her)
        except Refusal as refusal:
            if refusal.code != "member_not_found":
                raise
            raise invalid_field("member", refusal.code, refusal.message.zh, refusal.message.en) from refusal
        done = messaging.try_template(
            brand=self.brand,
            scope=self.scope,
            code=code,
            number=given.number,
            channel=given.channel,
            language=given.language,
            to=to if given.channel in ADDRESS_OF else str(member_id),
            member_id=member_id,
            now=self.now,
        )
        return TemplateTestedOut(state=done.state, error=done.error)

    def install(self) -> list[str]:
        return messaging.install_ready_made(scope=self.scope, now=self.now)

    def variables(self) -> TemplateVariablesOut:
        return TemplateVariablesOut(
            items=[
                TemplateVariableOut(
                    name=one.name,
                    group=one.group,
                    group_label=messaging.VARIABLE_GROUPS[one.group].in_language(self.language),
                    label=one.label.in_language(self.language),
                    sample=one.sample,
                )
                for one in messaging.list_variables()
            ],
            filters=list(messaging.FILTERS),
        )

    def shown(self, one: MessageTemplate) -> TemplateOut:
        assert one.latest is not None
        problems = (
            messaging.find_problems(
                purpose=one.purpose,
                contents=one.latest.contents,
                links=one.latest.links,
                samples=one.latest.samples,
            )
            if one.latest.state == "draft"
            else []
        )
        return TemplateOut(
            **self._row(one),
            version=version_out(one.version) if one.version else None,
            newest=version_out(one.latest),
            problems=[self.problem(problem) for problem in problems],
        )

    def problem(self, one: Problem) -> TemplateProblemOut:
        return TemplateProblemOut(
            field=one.field, line=one.line, code=one.code, message=one.message.in_language(self.language)
        )

    def links(self, *, days: int, source: str, template: str) -> list[LinkTallyOut]:
        found = messaging.list_links(
            scope=self.scope,
            since=self._since(days),
            until=self._since(1),
            source=source,
            template=template,
        )
        names = names_of(
            scope=self.scope, language=self.language, sources=(one.source for one in found), now=self.now
        )
        return [LinkTallyOut(**asdict(one), asked_by=names[one.source]) for one in found]

    def link_days(self, *, days: int, source: str, template: str, name: str) -> list[LinkDayOut]:
        found = messaging.list_link_days(
            scope=self.scope, source=source, template=template, name=name, since=self._since(days)
        )
        return [LinkDayOut(**asdict(one)) for one in found]

    def sites(self) -> LinkSitesOut:
        found = messaging.get_link_sites(brand_id=self.scope.brand_id)
        return LinkSitesOut(ours=list(found.ours), domains=list(found.domains))

    def set_sites(self, given: LinkSitesIn) -> LinkSitesOut:
        messaging.put_link_sites(scope=self.scope, domains=given.domains, now=self.now)
        return self.sites()

    def _since(self, days: int) -> Any:
        return self.now.astimezone(zone(self.brand.timezone)).date() - timedelta(days=days - 1)

    def _row(self, one: MessageTemplate) -> dict[str, Any]:
        assert one.latest is not None
        shown = one.version or one.latest
        return {
            "code": one.code,
            "name": TemplateNameIO(zh=one.name.zh, en=one.name.en),
            "label": one.name.in_language(self.language),
            "purpose": one.purpose,
            "archived": one.archived,
            "live": one.version.number if one.version else None,
            "number": one.latest.number,
            "state": one.latest.state,
            "channels": list(shown.channels),
            "updated_at": one.updated_at,
        }

    def _member(self, code: str) -> UUID | None:
        if not code:
            return None
        self.scope.require("members.read")
        (found,) = members.resolve(
            organisation_id=self.scope.organisation_id, brand_id=self.scope.brand_id, refs=[ById(code=code)]
        )
        if isinstance(found, Refusal):
            raise found
        return found


def version_out(one: TemplateVersion) -> TemplateVersionOut:
    return TemplateVersionOut(
        number=one.number,
        state=one.state,
        origin=one.origin,
        contents={
            channel: {language: content_out(content) for language, content in by_language.items()}
            for channel, by_language in one.contents.items()
        },
        channels=list(one.channels),
        links=dict(one.links),
        samples=dict(one.samples),
        made_by=one.made_by,
        made_at=one.made_at,
        submitted_by=one.submitted_by,
        submitted_at=one.submitted_at,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        note=one.note,
    )


def content_out(one: Content) -> TemplateContentIO:
    return TemplateContentIO(
        subject=one.subject,
        body=one.body,
        html=one.html,
        url=one.url,
        sign=one.sign,
        template=one.template,
        data=[TemplateFieldIO(name=name, value=value) for name, value in one.data],
    )


def contents_of(given: TemplateIn) -> dict[str, dict[str, Content]]:
    return {
        channel: {language: one.to_content() for language, one in by_language.items()}
        for channel, by_language in given.contents.items()
    }


def _check_samples(samples: Mapping[str, Any]) -> None:
    if len(json.dumps(samples, ensure_ascii=False)) > _MOST_SAMPLES:
        raise invalid_field("samples", "too_long", "示例值过长", "The samples are too long")
