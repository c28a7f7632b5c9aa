"""The portal's API under /api/portal/<brand>: every endpoint, what it takes and gives. One brand, one member."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from ninja import NinjaAPI, Path, Router
from ninja.responses import Status
from pydantic import Field

from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.text import Text
from regulars.platform.files import api as files
from regulars.surfaces import access, member_pass
from regulars.surfaces.portal import (
    benefits,
    booking,
    card,
    consents,
    cookies,
    coupons,
    front,
    history,
    household,
    inbox,
    leaving,
    mall,
    orders,
    plans,
    play,
    points,
    prepaid,
    profile,
    profiling,
    recommend,
    referral_pages,
    shapes,
    shop,
    signing,
)
from regulars.surfaces.portal.guard import AnyVisitor, SignedIn, brand_of, member_of
from regulars.surfaces.problems import StrictJson, answer_with_problems

api = NinjaAPI(
    title="Regulars portal",
    version="1",
    description="What the member's own pages ask. Not for integrations: those use /api/v1.",
    urls_namespace="portal",
    parser=StrictJson(),
    auth=AnyVisitor(),
    docs_url=None,
    openapi_url=None,
)
answer_with_problems(api)
visitors = Router(auth=AnyVisitor(), tags=["visitors"])
mine = Router(auth=SignedIn(), tags=["members"])
Cursor = Annotated[str | None, Field(max_length=400)]
StoreCode = Annotated[str, Field(max_length=64)]


@visitors.get("/front", response=shapes.FrontOut)
def get_front(request: HttpRequest, slug: Path[str], s: StoreCode = "") -> Any:
    """The brand, how to come in, and who is signed in. `s` is the code of the store whose QR was scanned."""
    get_token(request)
    brand, now = brand_of(request), clock.now()
    member = access.member_access(request, brand, now)
    return front.front(brand=brand, member=member, language=access.language(request), store=s, now=now)


@visitors.get("/logo", include_in_schema=False)
def get_logo(request: HttpRequest, slug: Path[str]) -> Any:
    """The brand's logo; its address changes with the file."""
    brand = brand_of(request)
    if brand.logo_file_id is None:
        raise not_found(Text("标志", "Logo"))
    found = files.get_file(organisation_id=brand.organisation_id, file_id=brand.logo_file_id)
    path = files.path_of(organisation_id=brand.organisation_id, file_id=found.id)
    answer = FileResponse(path.open("rb"), content_type=found.media_type)
    answer["Cache-Control"] = "public, max-age=604800, immutable"
    return answer


@visitors.post("/codes", response={202: shapes.CodeSentOut})
def send_code(request: HttpRequest, slug: Path[str], given: shapes.CodeAsked) -> Any:
    """Send a one-time code. The answer is the same for members and for everybody else."""
    signing.send_code(
        brand=brand_of(request),
        kind=given.kind,
        typed=given.address,
        ip=access.client_ip(request),
        language=access.language(request),
        now=clock.now(),
    )
    return Status(202, signing.code_sent())


@visitors.post("/session", response=shapes.SignInOut)
def sign_in(request: HttpRequest, slug: Path[str], given: shapes.SignInGiven, response: HttpResponse) -> Any:
    """Give the code back: signed in, or on to the form."""
    brand, now = brand_of(request), clock.now()
    entrance = signing.sign_in(
        brand=brand,
        kind=given.kind,
        typed=given.address,
        code=given.code,
        ip=access.client_ip(request),
        now=now,
    )
    if entrance.member_id is not None:
        referral_pages.signed_in(
            request, brand, entrance.member_id, code=given.recruiter, device=given.device, now=now
        )
    return cookies.enter(response, brand, entrance)


@visitors.post("/enrolment", response=shapes.SignInOut)
def join(request: HttpRequest, slug: Path[str], given: shapes.JoinForm, response: HttpResponse) -> Any:
    """Join, after the address was proven."""
    brand, now = brand_of(request), clock.now()
    given.recruiter = referral_pages.recruiter_of(request, brand, said=given.recruiter, now=now)
    entrance = signing.join(
        brand=brand,
        form=given,
        proof=cookies.proof(request, brand),
        language=access.language(request),
        now=now,
        came=referral_pages.came(request, brand, device=given.device),
    )
    return cookies.enter(response, brand, entrance)


@visitors.delete("/session", response={204: None})
def sign_out(request: HttpRequest, slug: Path[str], response: HttpResponse) -> Any:
    """Sign out of this browser; harmless when nobody is signed in."""
    cookies.leave(request, response, brand_of(request))
    return Status(204, None)


@mine.get("/card", response=shapes.CardOut)
def get_card(request: HttpRequest, slug: Path[str]) -> Any:
    """Tier, balances, progress, and the one next thing to do."""
    return card.card(member=member_of(request), language=access.language(request), now=clock.now())


@mine.get("/pass", response=shapes.PassOut)
def get_pass(request: HttpRequest, slug: Path[str]) -> Any:
    """A fresh text for her QR code, good for a minute."""
    member, now = member_of(request), clock.now()
    seconds = int(member_pass.LIFETIME.total_seconds())
    token = member_pass.issue(brand_id=member.brand.id, member_id=member.member_id, now=now)
    return shapes.PassOut(token=token, expires_in_seconds=seconds, lifetime_seconds=seconds)


@mine.get("/benefits", response=shapes.BenefitsOut)
def get_benefits(request: HttpRequest, slug: Path[str]) -> Any:
    """Every tier, what it takes and what it gives."""
    return benefits.ladder(member=member_of(request), language=access.language(request), now=clock.now())


@mine.get("/recommendations", response=recommend.RecommendedOut)
def get_recommendations(request: HttpRequest, slug: Path[str]) -> Any:
    """What she may want to buy again or to discover."""
    return recommend.wishes(member=member_of(request))


@mine.get("/points", response=shapes.PointsOut)
def get_points(request: HttpRequest, slug: Path[str]) -> Any:
    """Balances with what expires when and what is still to come."""
    return points.points(member=member_of(request), language=access.language(request), now=clock.now())


@mine.get("/history", response=shapes.PageOut[shapes.HistoryOut])
def get_history(request: HttpRequest, slug: Path[str], cursor: Cursor = None) -> Any:
    """What happened and why, newest first."""
    return history.page(
        member=member_of(request), language=access.language(request), cursor=cursor, now=clock.now()
    )


@mine.get("/orders", response=shapes.PageOut[shapes.OrderOut])
def get_orders(request: HttpRequest, slug: Path[str], cursor: Cursor = None) -> Any:
    """Her orders with their lines and refunds, newest first."""
    return orders.page(member=member_of(request), language=access.language(request), cursor=cursor)


@mine.get("/inbox", response=shapes.PageOut[shapes.InboxMessageOut])
def get_inbox(request: HttpRequest, slug: Path[str], cursor: Cursor = None) -> Any:
    """What the brand has told her, newest first."""
    return inbox.page(member=member_of(request), cursor=cursor)


@mine.get("/inbox/unread", response=shapes.UnreadOut)
def get_unread(request: HttpRequest, slug: Path[str]) -> Any:
    """How many messages she has not seen."""
    return inbox.unread(member=member_of(request))


@mine.post("/inbox/read", response=shapes.UnreadOut)
def mark_inbox_read(request: HttpRequest, slug: Path[str], given: shapes.ReadUpTo) -> Any:
    """She has seen her messages up to this one."""
    return inbox.mark_read(member=member_of(request), up_to=given.up_to, now=clock.now())


@mine.get("/profile", response=shapes.ProfileOut)
def get_profile(request: HttpRequest, slug: Path[str]) -> Any:
    """Her profile as a form."""
    return profile.profile(member=member_of(request), language=access.language(request), now=clock.now())


@mine.patch("/profile", response=shapes.ProfileOut)
def change_profile(request: HttpRequest, slug: Path[str], given: shapes.ProfileChanges) -> Any:
    """Change some fields; null clears one."""
    return profile.change(
        member=member_of(request), values=given.values, language=access.language(request), now=clock.now()
    )


@mine.get("/identifiers", response=shapes.IdentifiersOut)
def get_identifiers(request: HttpRequest, slug: Path[str]) -> Any:
    """What she can sign in with and be found by."""
    return profile.identifiers(member=member_of(request), language=access.language(request))


@mine.post("/identifiers/codes", response={202: shapes.CodeSentOut})
def send_identifier_code(request: HttpRequest, slug: Path[str], given: shapes.CodeAsked) -> Any:
    """Send a code to an address that she wants to add."""
    member = member_of(request)
    signing.send_code(
        brand=member.brand,
        kind=given.kind,
        typed=given.address,
        ip=access.client_ip(request),
        language=access.language(request),
        now=clock.now(),
        owner=member.member_id,
    )
    return Status(202, signing.code_sent())


@mine.post("/identifiers", response=shapes.IdentifiersOut)
def add_identifier(request: HttpRequest, slug: Path[str], given: shapes.CodeGiven) -> Any:
    """Add an address with the code that was sent to it."""
    member = member_of(request)
    signing.add_address(
        member=member,
        kind=given.kind,
        typed=given.address,
        code=given.code,
        ip=access.client_ip(request),
        now=clock.now(),
    )
    return profile.identifiers(member=member, language=access.language(request))


api.add_router("/{slug}", visitors)
api.add_router("/{slug}", mine)
for part in (
    consents.mine,
    profiling.mine,
    coupons.mine,
    mall.visitors,
    mall.mine,
    booking.mine,
    prepaid.mine,
    shop.mine,
    household.mine,
    plans.mine,
    play.visitors,
    play.mine,
    referral_pages.visitors,
    referral_pages.mine,
    leaving.visitors,
):
    api.add_router("/{slug}", part)
