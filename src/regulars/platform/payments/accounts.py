"""A brand's accounts at providers: made, changed, connected. Their secrets are opened here and go no further."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from regulars.kit.errors import ErrorList, Refusal, invalid_field, not_found
from regulars.kit.ids import new_code, new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import policy, registry, store
from regulars.platform.payments.models import PaymentAccount
from regulars.platform.payments.providers.simulator import SimulatorGateway
from regulars.platform.payments.types import (
    ACCOUNT,
    Account,
    BadSetting,
    Gateway,
    Provider,
    ProviderError,
)


def list_providers() -> list[Provider]:
    """Every provider that is installed, the simulator first."""
    return list(registry.providers().values())


def list_accounts(*, scope: Scope) -> list[Account]:
    """The brand's accounts, by key."""
    rows = PaymentAccount.objects.filter(brand_id=scope.brand_id).order_by("key")
    return [store.account_of(row) for row in rows]


def get_account(*, scope: Scope, key: str) -> Account:
    """Raises `not_found`."""
    return store.account_of(_row(scope.brand_id, key))


def find_account(*, account_id: UUID) -> Account | None:
    """The account of a notice's address, of whatever brand."""
    row = PaymentAccount.objects.filter(id=account_id).first()
    return None if row is None else store.account_of(row)


def default_account(*, brand_id: UUID, key: str | None = None) -> Account:
    """The account of a key, or the one that new payments go to. Raises `no_payment_account` (409)."""
    rows = PaymentAccount.objects.filter(brand_id=brand_id, state="active")
    rows = rows.filter(key=key) if key else rows.order_by("-is_default", "key")
    row = rows.first()
    if row is None:
        raise Refusal(
            "no_payment_account",
            Text("尚未设置可用的收款账户", "No payment account is set up and active"),
            status=409,
        )
    return store.account_of(row)


def put_account(
    *,
    scope: Scope,
    key: str,
    provider: str,
    name: Text,
    values: Mapping[str, str],
    is_default: bool = False,
    state: Literal["active", "paused"] = "active",
    now: datetime,
) -> Account:
    """Make an account or change it. Secrets that are left out stay as they are; the provider never changes.

    Raises `invalid_input` naming every wrong field.
    """
    with transaction.atomic():
        rows = PaymentAccount.objects.filter(brand_id=scope.brand_id, key=key)
        before = rows.select_for_update(no_key=True).first()
        found = registry.get(provider)
        if before is not None and before.provider != provider:
            raise invalid_field(
                "provider", "fixed", "已有账户不能更换渠道", "An account's provider cannot be changed"
            )
        id_ = before.id if before else new_id()
        secrets = store.unseal(before.secrets, table="payment_account", owner=id_) if before else {}
        given = {field: str(value).strip() for field, value in values.items()}
        errors = ErrorList()
        policy.check_account(
            errors, provider=found, key=key, name=name, values=given, known_secrets=frozenset(secrets)
        )
        errors.refuse()
        fields = {setting.key: setting for setting in found.settings}
        secrets |= {field: value for field, value in given.items() if fields[field].secret and value}
        if provider == "simulator":
            secrets.setdefault("key", new_code(40))
        plain = {field: value for field, value in given.items() if not fields[field].secret and value}
        _connect(found, id_, {**plain, **secrets})
        others = PaymentAccount.objects.filter(brand_id=scope.brand_id).exclude(id=id_)
        if is_default:
            others.filter(is_default=True).update(is_default=False)
        row = PaymentAccount(
            id=id_,
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            key=key,
            provider=provider,
            name=name.to_json(),
            state=state,
            settings=plain,
            secrets=store.seal(secrets, table="payment_account", owner=id_),
            secret_keys=sorted(secrets),
            is_default=is_default or not others.exists(),
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        row.save(force_insert=before is None, force_update=before is not None)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="payment_account.update" if before else "payment_account.create",
            subject_type="payment_account",
            subject_id=key,
            before=_json(before),
            after={**_json(row), "credential": "changed" if any(f in given for f in secrets) else ""},
            now=now,
        )
        return store.account_of(row)


def check_account(*, scope: Scope, key: str, now: datetime) -> None:
    """Ask the provider something harmless. Raises `payment_provider` (502) with what it said."""
    row = _row(scope.brand_id, key)
    try:
        connect(store.account_of(row)).check(now=now)
    except ProviderError as error:
        raise provider_refusal(registry.get(row.provider), error) from error


def provider_refusal(provider: Provider, error: ProviderError) -> Refusal:
    """What a provider's refusal or silence is to a caller."""
    return Refusal(
        "payment_provider",
        Text("{p}没有接受请求：{c}", "{p} did not take the request: {c}").format(
            p=provider.name, c=error.code
        ),
        status=502,
        data={"code": error.code, "message": error.message},
    )


def connect(account: Account) -> Gateway:
    """The provider with this account's settings. Raises `ProviderError` where they no longer work."""
    row = PaymentAccount.objects.get(id=account.id)
    try:
        return registry.get(row.provider).connect(row.id, store.values_of(row))
    except (ValueError, Refusal) as error:
        raise ProviderError("bad_settings", "the account's settings do not work", again=True) from error


def simulators() -> dict[UUID, SimulatorGateway]:
    """The simulated provider's side of every account."""
    rows = PaymentAccount.objects.filter(provider="simulator")
    return {row.id: SimulatorGateway(row.id, store.values_of(row)) for row in rows}


def simulator_of(*, account_id: UUID) -> SimulatorGateway | None:
    row = PaymentAccount.objects.filter(id=account_id, provider="simulator").first()
    return None if row is None else SimulatorGateway(row.id, store.values_of(row))


def _row(brand_id: UUID, key: str) -> PaymentAccount:
    row = PaymentAccount.objects.filter(brand_id=brand_id, key=key).first()
    if row is None:
        raise not_found(ACCOUNT)
    return row


def _connect(provider: Provider, account_id: UUID, values: Mapping[str, str]) -> None:
    try:
        provider.connect(account_id, values)
    except BadSetting as error:
        raise invalid_field(
            f"settings.{error.field}", "bad_value", error.message.zh, error.message.en
        ) from error
    except ValueError as error:  # of a provider that came with a package and names no field
        raise invalid_field(
            "settings", "bad_settings", f"设置无法使用：{error}", f"These settings cannot be used: {error}"
        ) from error


def _json(row: PaymentAccount | None) -> dict[str, object]:
    if row is None:
        return {}
    return {
        "provider": row.provider,
        "name": row.name,
        "state": row.state,
        "settings": row.settings,
        "default": row.is_default,
    }
