"""Coming in and going out: a code proves an address, a proven address signs in or joins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.facts.members import api as members
from regulars.facts.members.types import ById, Enrolment, IdentityIn
from regulars.flows import enrol as enrolling
from regulars.flows.enrol import Enrolee
from regulars.flows.referrals import api as referrals
from regulars.flows.referrals.types import Came
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import ChannelKind
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.privacy import api as privacy
from regulars.platform.signin import api as signin
from regulars.platform.signin import policy as limits
from regulars.platform.signin.types import Address, Purpose
from regulars.surfaces.access import MemberAccess, member_scope, visitor_scope
from regulars.surfaces.portal import consents as choices
from regulars.surfaces.portal import fields, front
from regulars.surfaces.portal.shapes import CodeSentOut, IdentifierKind, JoinForm

_CHANNELS: dict[IdentifierKind, ChannelKind] = {"phone": "sms", "email": "email"}
_TOUCHPOINT = "h5"


@dataclass(frozen=True, slots=True)
class Entrance:
    """The end of signing in: a session's token, or a proof to bring along to the form."""

    token: str = ""
    proof: str = ""
    member_id: UUID | None = None


def send_code(
    *,
    brand: Brand,
    kind: IdentifierKind,
    typed: str,
    ip: str,
    language: Language,
    now: datetime,
    owner: UUID | None = None,
) -> None:
    """Send a code to an address. Nothing in the answer, its time or its refusals tells whether it is a member's.

    With `owner` the code is for adding the address to that member. Raises `invalid_input`, `too_many_attempts`, and
    `code_not_sent` (502) where nobody took it. Not in a transaction: a provider is asked.
    """
    value = privacy.normalise(kind, typed, field="address")
    code = signin.issue_code(address=_address(brand, kind, value, owner), ip=ip, now=now)
    done = messaging.send(
        brand=brand,
        channel=_CHANNELS[kind],
        to=value,
        template="one_time_code",
        values={"code": code, "minutes": int(limits.CODE_LIFE.total_seconds() // 60)},
        language=language,
        now=now,
    )
    if done.reason == "bad_address":
        raise invalid_field(
            "address",
            "cannot_be_reached",
            "这个号码或邮箱收不到验证码，请检查后重填",
            "No code can reach this number or address; please check it",
        )
    if done.state in ("failed", "retry"):
        raise _not_sent(kind)


def _not_sent(kind: IdentifierKind) -> Refusal:
    seconds = int(limits.RESEND_AFTER.total_seconds())
    other = Text("邮箱", "your e-mail address") if kind == "phone" else Text("手机号", "your phone number")
    return Refusal(
        "code_not_sent",
        Text(
            "验证码没能发出去。请 {s} 秒后再试，或改用{other}",
            "The code could not be sent. Please try again in {s} seconds, or use {other}",
        ).format(s=seconds, other=other),
        status=502,
        data={"retry_after_seconds": seconds},
    )


def code_sent() -> CodeSentOut:
    """What is said after every code, whoever's the address is."""
    return CodeSentOut(
        expires_in_seconds=int(limits.CODE_LIFE.total_seconds()),
        resend_after_seconds=int(limits.RESEND_AFTER.total_seconds()),
    )


def sign_in(*, brand: Brand, kind: IdentifierKind, typed: str, code: str, ip: str, now: datetime) -> Entrance:
    """Give a code back: a session for a member of the brand, a proof for everybody else.

    Raises `wrong_code`, `too_many_attempts`, and for somebody who has left `member_left` (409).
    """
    value = privacy.normalise(kind, typed, field="address")
    address = _address(brand, kind, value, None)
    proof = signin.check_code(address=address, code=code.strip(), ip=ip, now=now)
    with transaction.atomic():
        member_id = _member(brand, kind, value)
        if member_id is None:
            return Entrance(proof=proof)
        signin.use_proof(address=address, proof=proof, now=now)
        _verified(brand, member_id, kind, value, now)
        return Entrance(token=_session(brand, member_id, now), member_id=member_id)


def join(
    *,
    brand: Brand,
    form: JoinForm,
    proof: str,
    language: Language,
    now: datetime,
    came: Came | None = None,
) -> Entrance:
    """Enrol whoever proved the address, with how she came: the store, the source and the recruiter of the QR code.

    Raises `not_proven`, `consent_changed` (409) and `invalid_input` by field.
    """
    if form.consent_version != brand.consent_version:
        raise invalid_field(
            "consent_version",
            "consent_changed",
            "协议已更新，请重新阅读",
            "The terms have changed; please read them again",
        )
    value = privacy.normalise(form.kind, form.address, field="address")
    given = fields.taken_apart(form.values, members.list_fields(brand_id=brand.id))
    if not str(given.get("name") or "").strip():
        raise invalid_field("values.name", "required", "请填写称呼", "Please tell us your name")
    store = (
        organisations.stores_of(brand_id=brand.id, codes=[form.store]).get(form.store) if form.store else None
    )
    wanted = Enrolment(
        identities=(IdentityIn(form.kind, value, verified=True),),
        name=str(given.get("name") or ""),
        gender=str(given.get("gender") or ""),
        birthday=str(given.get("birthday") or "") or None,
        language=language,
        channel=_TOUCHPOINT,
        touchpoint=form.source or ("store_qr" if store else _TOUCHPOINT),
        store_id=store.id if store else None,
        recruiter=form.recruiter,
        attributes=given.get("attributes", {}),
        complete=True,
    )
    with transaction.atomic():
        signin.use_proof(address=_address(brand, form.kind, value, None), proof=proof, now=now)
        [result] = enrolling.enrol(scope=visitor_scope(brand), rows=[wanted], now=now, came=[came])
        member_id = _joined(result)
        if isinstance(result, Refusal):
            referrals.tried(brand=brand, member_id=member_id, code=form.recruiter, now=now)
        _agreed(brand, member_id, form, language, now)
        return Entrance(token=_session(brand, member_id, now), member_id=member_id)


def add_address(
    *, member: MemberAccess, kind: IdentifierKind, typed: str, code: str, ip: str, now: datetime
) -> None:
    """One more way to sign in, proven by a code. Raises `wrong_code`, and `identity_taken` (409)."""
    value = privacy.normalise(kind, typed, field="address")
    address = _address(member.brand, kind, value, member.member_id)
    proof = signin.check_code(address=address, code=code.strip(), ip=ip, now=now)
    with transaction.atomic():
        signin.use_proof(address=address, proof=proof, now=now)
        members.add_identity(
            scope=member.scope,
            member_id=member.member_id,
            identity=IdentityIn(kind, value, verified=True),
            now=now,
        )


def _address(brand: Brand, kind: IdentifierKind, value: str, owner: UUID | None) -> Address:
    purpose: Purpose = "add_identity" if owner else "sign_in"
    hashed = privacy.blind_index_of(kind=kind, value=value, organisation_id=brand.organisation_id)
    return Address(brand_id=brand.id, hash=hashed, purpose=purpose, owner=owner)


def _member(brand: Brand, kind: IdentifierKind, value: str) -> UUID | None:
    reference = ById(identity=IdentityIn(kind, value))
    [found] = members.resolve(organisation_id=brand.organisation_id, brand_id=brand.id, refs=[reference])
    if isinstance(found, UUID):
        return found
    if found.status == 404:
        return None
    raise found


def _joined(result: Enrolee | Refusal) -> UUID:
    if isinstance(result, Enrolee):
        return result.enrolled.member_id
    if result.code == "already_member":  # she joined in another window meanwhile
        return UUID(str(result.data["member_id"]))
    raise fields.at_values(result) if result.code == "invalid_input" else result


def _agreed(brand: Brand, member_id: UUID, form: JoinForm, language: Language, now: datetime) -> None:
    """Keep which text she agreed to, and by which channels she wants to hear of offers."""
    scope = member_scope(brand, member_id)
    terms = ConsentIn("terms", "", True, form.consent_version, front.consent_text(brand))
    consents.record(
        scope=scope,
        member_id=member_id,
        consents=[
            terms,
            *(choices.choice(brand, channel, True) for channel in dict.fromkeys(form.marketing)),
        ],
        source="portal",
        language=language,
        now=now,
    )


def _verified(brand: Brand, member_id: UUID, kind: IdentifierKind, value: str, now: datetime) -> None:
    """Somebody else may have written her number down; now she has shown that it is hers."""
    members.add_identity(
        scope=member_scope(brand, member_id),
        member_id=member_id,
        identity=IdentityIn(kind, value, verified=True),
        now=now,
    )


def _session(brand: Brand, member_id: UUID, now: datetime) -> str:
    return signin.open_session(
        organisation_id=brand.organisation_id, brand_id=brand.id, member_id=member_id, now=now
    )
