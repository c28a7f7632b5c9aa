"""Operators' message templates and short links; proposals by the brand's own language model; channel accounts."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.flows import voices
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import ChannelAccount, CodeWords
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.shapes.messaging import (
    ChannelAccountIn,
    ChannelAccountOut,
    ChannelFieldOut,
    ChannelProviderOut,
    CopyBriefIn,
    CopyWriterOut,
    ReceiptAddressOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, DoneOut, TextIO
from regulars.surfaces.template_shapes import (
    LinkDayOut,
    LinkDays,
    LinkSitesIn,
    LinkSitesOut,
    LinkSource,
    LinkTallyOut,
    TemplateArchiveIn,
    TemplateCode,
    TemplateContentIO,
    TemplateDecisionIn,
    TemplateIn,
    TemplateLanguage,
    TemplateOut,
    TemplatePreviewIn,
    TemplatePreviewOut,
    TemplateRowOut,
    TemplatesMadeOut,
    TemplateTestedOut,
    TemplateTestIn,
    TemplateVariablesOut,
    TemplateVersionOut,
)
from regulars.surfaces.template_views import TemplateViewer, content_out

router = Router(tags=["Templates and links"])
READ, WRITE = needs("messages.read"), needs("messages.write")
Name = Annotated[str, Query(max_length=32)]


def viewer(request: HttpRequest) -> TemplateViewer:
    return TemplateViewer(scope_of(request), language(request), clock.now())


@router.get("/templates", response=list[TemplateRowOut], **READ)
def list_templates(request: HttpRequest, archived: bool = False) -> Any:
    """The brand's message templates, by code."""
    return viewer(request).listed(archived=archived)


@router.get("/templates/variables", response=TemplateVariablesOut, **READ)
def list_variables(request: HttpRequest) -> Any:
    """What texts may name, and the filters they may use."""
    return viewer(request).variables()


@router.post("/templates/preview", response=TemplatePreviewOut, **READ)
def preview_template(request: HttpRequest, given: TemplatePreviewIn) -> Any:
    """What a text comes to for a member or a sample, and what is wrong with it by line; nothing is saved."""
    return viewer(request).preview(given)


@router.post("/templates/ready-made", response=TemplatesMadeOut, **WRITE)
def install_templates(request: HttpRequest) -> Any:
    """Make drafts of the templates that come with Regulars where the brand has none of their code."""
    return TemplatesMadeOut(made=viewer(request).install())


@router.get("/templates/{template}", response=TemplateOut, **READ)
def get_template(request: HttpRequest, template: TemplateCode) -> Any:
    """A template: the version that is sent, and the newest."""
    return viewer(request).one(template)


@router.put("/templates/{template}", response=TemplateOut, **WRITE)
def save_template(request: HttpRequest, template: TemplateCode, given: TemplateIn) -> Any:
    """Make a template or change its draft; what is wrong with its texts is said in `problems`."""
    return viewer(request).save(template, given)


@router.get("/templates/{template}/versions", response=list[TemplateVersionOut], **READ)
def list_template_versions(request: HttpRequest, template: TemplateCode) -> Any:
    """All versions, newest first."""
    return viewer(request).versions(template)


@router.post("/templates/{template}/submit", response=TemplateOut, **WRITE)
def submit_template(request: HttpRequest, template: TemplateCode) -> Any:
    """Hand the draft to a colleague; its words are fixed from now on."""
    return viewer(request).submit(template)


@router.post("/templates/{template}/withdraw", response=TemplateOut, **WRITE)
def withdraw_template(request: HttpRequest, template: TemplateCode) -> Any:
    """Take back what waits for approval."""
    return viewer(request).withdraw(template)


@router.post("/templates/{template}/decide", response=TemplateOut, **needs("messages.approve"))
def decide_template(request: HttpRequest, template: TemplateCode, given: TemplateDecisionIn) -> Any:
    """Approve what waits, or send it back; not what one wrote or submitted oneself."""
    return viewer(request).decide(template, given)


@router.post("/templates/{template}/archive", response=TemplateOut, **WRITE)
def archive_template(request: HttpRequest, template: TemplateCode, given: TemplateArchiveIn) -> Any:
    """Put a template away, or take it out again."""
    return viewer(request).archive(template, archived=given.archived)


@router.post("/templates/{template}/test", response=TemplateTestedOut, **WRITE)
def test_template(request: HttpRequest, template: TemplateCode, given: TemplateTestIn) -> Any:
    """Send a version to an address of one's own: by the channel's account (needs `messages.settings`), or into the
    sandbox."""
    return viewer(request).try_out(template, given)


@router.get("/links", response=list[LinkTallyOut], **READ)
def list_links(
    request: HttpRequest, days: LinkDays = 30, source: LinkSource = "", template: LinkSource = ""
) -> Any:
    """Short links of the last days by who asked, template and name, the most clicked first."""
    return viewer(request).links(days=days, source=source, template=template)


@router.get("/links/days", response=list[LinkDayOut], **READ)
def list_link_days(
    request: HttpRequest, source: LinkSource, template: LinkSource, name: Name, days: LinkDays = 30
) -> Any:
    """One link's days."""
    return viewer(request).link_days(days=days, source=source, template=template, name=name)


@router.get("/links/sites", response=LinkSitesOut, **READ)
def get_link_sites(request: HttpRequest) -> Any:
    """Where short links may lead to."""
    return viewer(request).sites()


@router.put("/links/sites", response=LinkSitesOut, **needs("messages.settings"))
def put_link_sites(request: HttpRequest, given: LinkSitesIn) -> Any:
    """Set the brand's own sites that short links may lead to."""
    return viewer(request).set_sites(given)


@router.get("/copywriter", response=CopyWriterOut, **READ)
def get_copywriter(request: HttpRequest) -> Any:
    """Whether the brand has set an endpoint that proposes texts: the one that reads members' words."""
    endpoint = voices.get_settings(brand_id=scope_of(request).brand_id).endpoint
    return CopyWriterOut(ready=endpoint is not None, model=endpoint.model if endpoint else "")


@router.post("/copywriter/proposals", response=dict[TemplateLanguage, TemplateContentIO], **WRITE)
def propose_text(request: HttpRequest, given: CopyBriefIn) -> Any:
    """A text for a brief, in both languages. It is put into the draft, which is reviewed as every other."""
    seen = viewer(request)
    endpoint = voices.get_settings(brand_id=seen.scope.brand_id).endpoint
    found = messaging.propose_text(
        scope=seen.scope,
        brand=seen.brand,
        endpoint=(endpoint.url, endpoint.model, endpoint.key) if endpoint else None,
        brief=given.brief,
        channel=given.channel,
        now=seen.now,
    )
    return {said: content_out(content) for said, content in found.items()}


@router.get("/channel-providers", response=list[ChannelProviderOut], **READ)
def list_channel_providers(request: HttpRequest) -> Any:
    """Every provider with its settings form."""
    said = language(request)
    return [
        ChannelProviderOut(
            code=one.code,
            channel=one.channel,
            name=one.name.in_language(said),
            per_second=one.per_second,
            receipts=one.receipts,
            fields=[
                ChannelFieldOut(
                    key=field.key,
                    name=field.name.in_language(said),
                    secret=field.secret,
                    required=field.required,
                    multiline=field.multiline,
                    choices=[ChoiceOut(value=v, label=n.in_language(said)) for v, n in field.choices],
                    help=field.help.in_language(said),
                    default=field.default,
                )
                for field in one.fields
            ],
        )
        for one in messaging.list_providers()
    ]


@router.get("/channel-accounts", response=list[ChannelAccountOut], **READ)
def list_channel_accounts(request: HttpRequest) -> Any:
    """The brand's accounts. Secrets are never shown, only that they are set."""
    scope = scope_of(request)
    found = messaging.list_accounts(scope=scope)
    words = messaging.code_words(brand_id=scope.brand_id)
    return [_account(one, words.get(one.channel)) for one in found]


@router.put("/channel-accounts/{key}", response=ChannelAccountOut, **needs("messages.settings"))
def put_channel_account(request: HttpRequest, key: Code, given: ChannelAccountIn) -> Any:
    """Make an account or change it; secrets that are left out stay."""
    made = messaging.put_account(
        scope=scope_of(request),
        key=key,
        provider=given.provider,
        name=Text.from_json({"zh": given.name.zh, "en": given.name.en}),
        values=given.settings,
        is_default=given.is_default,
        sandbox=given.sandbox,
        is_active=given.is_active,
        per_second=given.per_second,
        per_day=given.per_day,
        now=clock.now(),
    )
    return _account(made)


@router.delete("/channel-accounts/{key}", response=DoneOut, **needs("messages.settings"))
def remove_channel_account(request: HttpRequest, key: Code) -> Any:
    """Take an account away with its secrets."""
    messaging.remove_account(scope=scope_of(request), key=key, now=clock.now())
    return DoneOut(changed=1)


@router.post("/channel-accounts/{key}/check", response=ChannelAccountOut, **needs("messages.settings"))
def check_channel_account(request: HttpRequest, key: Code) -> Any:
    """Ask the provider something harmless; 502 `channel_provider` with what it said."""
    return _account(messaging.check_account(scope=scope_of(request), key=key, now=clock.now()))


@router.get("/channel-accounts/{key}/receipts", response=ReceiptAddressOut, **needs("messages.settings"))
def get_receipt_address(request: HttpRequest, key: Code) -> Any:
    """Where the provider reports to; whoever knows the address may report."""
    return ReceiptAddressOut(url=messaging.receipt_address(scope=scope_of(request), key=key))


def _account(one: ChannelAccount, codes: CodeWords | None = None) -> ChannelAccountOut:
    live = one.is_default and one.is_active and not one.sandbox
    return ChannelAccountOut(
        codes=codes if live else None,
        key=one.key,
        channel=one.channel,
        provider=one.provider,
        name=TextIO.of(one.name),
        is_active=one.is_active,
        sandbox=one.sandbox,
        is_default=one.is_default,
        settings=dict(one.settings),
        secrets_set=list(one.secrets_set),
        per_second=one.per_second,
        per_day=one.per_day,
        token_until=one.token_until,
        token_error=one.token_error,
        receipts=one.receipts,
        receipt_at=one.receipt_at,
        updated_at=one.updated_at,
    )
