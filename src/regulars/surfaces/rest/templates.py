"""Operators' message templates and short links."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.kit import clock
from regulars.surfaces.access import language
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import ListOut
from regulars.surfaces.template_shapes import (
    LinkDayOut,
    LinkDays,
    LinkSitesIn,
    LinkSitesOut,
    LinkSource,
    LinkTallyOut,
    TemplateArchiveIn,
    TemplateCode,
    TemplateDecisionIn,
    TemplateIn,
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
from regulars.surfaces.template_views import TemplateViewer

router = Router(tags=["Templates and links"])
READ, WRITE = needs("messages.read"), needs("messages.write")
Name = Annotated[str, Query(max_length=32)]


def viewer(request: HttpRequest) -> TemplateViewer:
    return TemplateViewer(scope_of(request), language(request), clock.now())


@router.get("/templates", response=ListOut[TemplateRowOut], **READ)
def list_templates(request: HttpRequest, archived: bool = False) -> Any:
    """The brand's message templates, by code."""
    return {"items": viewer(request).listed(archived=archived)}


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


@router.get("/templates/{template}/versions", response=ListOut[TemplateVersionOut], **READ)
def list_template_versions(request: HttpRequest, template: TemplateCode) -> Any:
    """All versions, newest first."""
    return {"items": viewer(request).versions(template)}


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


@router.get("/links", response=ListOut[LinkTallyOut], **READ)
def list_links(
    request: HttpRequest, days: LinkDays = 30, source: LinkSource = "", template: LinkSource = ""
) -> Any:
    """Short links of the last days by who asked, template and name, the most clicked first."""
    return {"items": viewer(request).links(days=days, source=source, template=template)}


@router.get("/links/days", response=ListOut[LinkDayOut], **READ)
def list_link_days(
    request: HttpRequest, source: LinkSource, template: LinkSource, name: Name, days: LinkDays = 30
) -> Any:
    """One link's days."""
    return {"items": viewer(request).link_days(days=days, source=source, template=template, name=name)}


@router.get("/links/sites", response=LinkSitesOut, **READ)
def get_link_sites(request: HttpRequest) -> Any:
    """Where short links may lead to."""
    return viewer(request).sites()


@router.put("/links/sites", response=LinkSitesOut, **needs("messages.settings"))
def put_link_sites(request: HttpRequest, given: LinkSitesIn) -> Any:
    """Set the brand's own sites that short links may lead to."""
    return viewer(request).set_sites(given)
