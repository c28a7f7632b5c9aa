"""Door of channel accounts: made, changed, checked, switched between sandbox and the world."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings as django_settings
from django.db import transaction

from regulars.kit import clock
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field, not_found
from regulars.kit.ids import new_code, new_id
from regulars.kit.text import Text
from regulars.messaging.channels import connecting, registry
from regulars.messaging.channels.wire import BadSetting, Provider, Refused
from regulars.messaging.models import ChannelAccount as Row
from regulars.messaging.store import accounts as store
from regulars.messaging.store import templates
from regulars.messaging.templates import OWN
from regulars.messaging.types import CodeWords, Delivery, Envelope, Rendered
from regulars.messaging.wording import CHANNEL_ACCOUNT, ChannelAccount, ChannelProvider
from regulars.platform.audit import api as audit
from regulars.platform.egress import api as egress
from regulars.platform.organisations.types import Scope

_KEY = re.compile(r"^[a-z0-9][a-z0-9-]{0,38}$")
_LONGEST = 8000
MOST_ACCOUNTS = 50
_REFUSED = Text("{p}没有接受请求：{c}", "{p} did not take the request: {c}")
_SILENT = Text("连不上{p}：{c}", "{p} gave no answer: {c}")


def list_providers() -> list[ChannelProvider]:
    """Those that come with Regulars."""
    return [
        ChannelProvider(one.code, one.channel, one.name, one.fields, one.per_second, one.receipts)
        for one in registry.PROVIDERS.values()
    ]


def list_accounts(*, scope: Scope) -> list[ChannelAccount]:
    """The brand's accounts, by channel and key. Needs `messages.read`."""
    scope.require("messages.read")
    rows = Row.objects.filter(brand_id=scope.brand_id).order_by("channel", "key")
    return [store.account_of(row) for row in rows]


def code_words(*, brand_id: UUID) -> dict[str, CodeWords]:
    """In whose words sign-in codes leave, by channel: the brand's own (`own`), ours (`built_in`), or none at all, for a
    text message needs a template that its provider approved (`no_template`)."""
    version = templates.live_of(brand_id=brand_id, codes=[OWN["one_time_code"]]).get(OWN["one_time_code"])
    contents = version.contents if version else {}
    texts = contents.get("sms", {})
    said: CodeWords = "own" if texts and all(one.template for one in texts.values()) else "no_template"
    return {"sms": said, "email": "own" if "email" in contents else "built_in"}


def put_account(
    *,
    scope: Scope,
    key: str,
    provider: str,
    name: Text,
    values: Mapping[str, str],
    is_default: bool = False,
    sandbox: bool = True,
    is_active: bool = True,
    per_second: int | None = None,
    per_day: int | None = None,
    now: datetime,
) -> ChannelAccount:
    """Make an account or change it. Secrets that are left out stay; the provider never changes. In `sandbox` nothing
    leaves. Needs `messages.settings`; audited, without secrets. Raises `invalid_input` naming every wrong field."""
    scope.require("messages.settings")
    with transaction.atomic():
        before = Row.objects.select_for_update(no_key=True).filter(brand_id=scope.brand_id, key=key).first()
        found = registry.get(provider)
        if before is not None and before.provider != provider:
            raise invalid_field(
                "provider", "fixed", "已有账户不能更换服务商", "An account's provider cannot be changed"
            )
        id_ = before.id if before else new_id()
        known = store.unseal(before.secrets, owner=id_) if before else {}
        given = {field: str(value).strip() for field, value in values.items()}
        errors = ErrorList()
        _check(errors, found, key, name, given, frozenset(known), per_second, per_day)
        errors.refuse()
        fields = {field.key: field for field in found.fields}
        secrets = {**known, **{k: v for k, v in given.items() if fields[k].secret and v}}
        plain = {k: v for k, v in given.items() if not fields[k].secret and v}
        _connect(found, {**plain, **secrets})
        others = Row.objects.filter(brand_id=scope.brand_id, channel=found.channel).exclude(id=id_)
        if is_default:
            others.filter(is_default=True).update(is_default=False)
        row = Row(
            id=id_,
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            key=key,
            channel=found.channel,
            provider=provider,
            name=name.to_json(),
            state="active" if is_active else "paused",
            sandbox=sandbox,
            is_default=is_default or not others.filter(is_default=True).exists(),
            settings=plain,
            secrets=store.seal(secrets, owner=id_),
            secret_keys=sorted(secrets),
            per_second=per_second,
            per_day=per_day,
            receipt_key=before.receipt_key
            if before
            else store.seal({"key": new_code(32)}, owner=id_, field="receipt_key"),
            token=None,
            token_due_at=now if found.has_token else None,
            receipts=before.receipts if before else 0,
            receipt_at=before.receipt_at if before else None,
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        row.save(force_insert=before is None, force_update=before is not None)
        _record(
            scope,
            "channel_account.update" if before else "channel_account.create",
            key,
            _json(before),
            {**_json(row), "credential": "changed" if any(given.get(one) for one in row.secret_keys) else ""},
            now,
        )
        return store.account_of(row)


def remove_account(*, scope: Scope, key: str, now: datetime) -> None:
    """Take an account away with its secrets. Its channel goes by another, or by the sandbox. Raises `not_found`."""
    scope.require("messages.settings")
    with transaction.atomic():
        row = _row(scope.brand_id, key)
        before = _json(row)
        row.delete()
        next_ = connecting.account_of(brand_id=scope.brand_id, channel=row.channel)
        if next_ is not None and not next_.is_default:
            Row.objects.filter(id=next_.id).update(is_default=True)
        _record(scope, "channel_account.remove", key, before, None, now)


def check_account(*, scope: Scope, key: str, now: datetime) -> ChannelAccount:
    """Ask the provider something harmless, and for a token where it gives one. Raises `channel_provider` (502) with
    what it said."""
    scope.require("messages.settings")
    row = _row(scope.brand_id, key)
    provider, values = registry.get(row.provider), store.values_of(row)
    try:
        token = ""
        if provider.has_token:
            access = provider.grant(values, clock.now)
            connecting.keep_token(row, access.token, now, access.seconds)
            token = access.token
        provider.check(values, token, clock.now)
    except Refused as refused:
        said = _SILENT if refused.code == "no_answer" else _REFUSED
        why = refused.message if refused.code == "no_answer" else f"{refused.code} {refused.message}".strip()
        raise Refusal(
            "channel_provider",
            said.format(p=provider.name, c=why),
            status=502,
            data={"code": refused.code},
        ) from refused
    _record(scope, "channel_account.check", key, None, {"ok": True}, now)
    return store.account_of(_row(scope.brand_id, key))


def send_test(
    *, scope: Scope, key: str, to: str, words: Rendered, language: str, template: str, now: datetime
) -> Delivery:
    """One message by an account to an address that staff typed: their own. Audited, with the address masked. Raises
    `account_broken` (409) where its settings do not work any more."""
    scope.require("messages.settings")
    row = _row(scope.brand_id, key)
    envelope = Envelope(
        id=new_id(), brand_id=scope.brand_id, channel=row.channel, to=to,  # type: ignore[arg-type]
        language="en" if language == "en" else "zh", subject=words.subject, body=words.body, template=template,
        version=words.version, parameters=words.parameters, extra=words.extra,
    )  # fmt: skip
    if row.sandbox:
        done = Delivery("sandboxed")
    else:
        try:
            channel = connecting.connect(row)
        except ValueError as broken:
            why = broken.message if isinstance(broken, BadSetting) else Text(str(broken), str(broken))
            raise conflict(
                "account_broken",
                f"账户设置无法使用：{why.zh}",
                f"The account's settings cannot be used: {why.en}",
            ) from broken
        [done] = channel.deliver_many([envelope])
    _record(
        scope,
        "channel_account.test",
        key,
        None,
        {"to": f"…{to[-4:]}", "state": done.state, "template": template},
        now,
    )
    return done


def receipt_address(*, scope: Scope, key: str) -> str:
    """The address of ours that a provider reports to; it holds a key, so it is shown to who may set accounts."""
    scope.require("messages.settings")
    row = _row(scope.brand_id, key)
    return f"{django_settings.PUBLIC_URL}/m/receipts/{row.id}/{store.receipt_key_of(row)}"


def _row(brand_id: UUID, key: str) -> Row:
    row = Row.objects.filter(brand_id=brand_id, key=key).first()
    if row is None:
        raise not_found(CHANNEL_ACCOUNT)
    return row


def _connect(provider: Provider, values: Mapping[str, str]) -> None:
    try:
        provider.connect(values, "", clock.now)
    except BadSetting as error:
        raise invalid_field(
            f"settings.{error.field}", "bad_value", error.message.zh, error.message.en
        ) from error
    except (ValueError, KeyError) as error:
        raise invalid_field(
            "settings", "bad_settings", f"设置无法使用：{error}", f"These settings cannot be used: {error}"
        ) from error


def _check(
    errors: ErrorList,
    provider: Provider,
    key: str,
    name: Text,
    values: Mapping[str, str],
    known: frozenset[str],
    per_second: int | None,
    per_day: int | None,
) -> None:
    if not _KEY.match(key):
        errors.add(
            "key", "bad_key", "1–39 位小写字母、数字或连字符", "1 to 39 lower-case letters, digits or -"
        )
    for language, said in (("zh", name.zh), ("en", name.en)):
        if not 0 < len(said.strip()) <= 60:
            errors.add(f"name.{language}", "bad_name", "名称为 1–60 个字符", "A name has 1 to 60 characters")
    fields = {field.key: field for field in provider.fields}
    for field in sorted(values.keys() - fields.keys()):
        errors.add(f"settings.{field}", "unknown_field", "没有这个字段", "There is no such field")
    for field, setting in fields.items():
        value = values.get(field, "")
        if len(value) > _LONGEST or "\x00" in value or (not setting.multiline and "\n" in value):
            errors.add(f"settings.{field}", "bad_value", "过长或无法读取", "Too long or unreadable")
        elif setting.required and not value and field not in known:
            errors.add(f"settings.{field}", "required", "请填写", "This is needed")
        elif value and setting.choices and value not in {choice for choice, _ in setting.choices}:
            choices = ", ".join(choice for choice, _ in setting.choices)
            errors.add(
                f"settings.{field}", "unknown_choice", f"只能是：{choices}", f"must be one of: {choices}"
            )
        elif field.endswith("endpoint") and value:
            egress.check_url(url=value, field=f"settings.{field}", errors=errors)
    for field, number, most in (("per_second", per_second, 10_000), ("per_day", per_day, 100_000_000)):
        if number is not None and not 0 < number <= most:
            errors.add(field, "out_of_range", f"须为 1–{most}", f"1 to {most}")


def _json(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "provider": row.provider, "name": row.name, "state": row.state, "sandbox": row.sandbox,
        "default": row.is_default, "settings": row.settings, "per_second": row.per_second, "per_day": row.per_day,
    }  # fmt: skip


def _record(
    scope: Scope,
    action: str,
    key: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="channel_account",
        subject_id=key,
        before=before,
        after=after,
        now=now,
    )
