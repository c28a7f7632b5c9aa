"""The demo brand's messages: every ready-made template approved, accounts that stay in the sandbox, one own site."""

from __future__ import annotations

from datetime import datetime

from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.platform.organisations.types import Scope


def fill(scope: Scope, now: datetime) -> None:
    """Again changes nothing that is there."""
    messaging.install_ready_made(scope=scope, now=now, approve=True)
    _accounts(scope, now, limited=False)  # a limit by the second knows no clock that goes back to past weeks
    messaging.put_link_sites(scope=scope, domains=["shop.demo.example"], now=now)


def limit(scope: Scope, now: datetime) -> None:
    """From now on the accounts keep to what providers allow."""
    _accounts(scope, now, limited=True)


def _accounts(scope: Scope, now: datetime, *, limited: bool) -> None:
    messaging.put_account(
        scope=scope,
        key="mail",
        provider="smtp",
        name=Text("演示邮件（沙箱）", "Demo mail (sandbox)"),
        values={
            "host": "smtp.demo.example", "port": "587", "security": "starttls", "from": "club@demo.example",
            "from_name": "Regulars",
        },
        sandbox=True,
        per_second=20 if limited else None,
        now=now,
    )  # fmt: skip
    messaging.put_account(
        scope=scope,
        key="sms",
        provider="aliyun_sms",
        name=Text("演示短信（沙箱）", "Demo SMS (sandbox)"),
        values={"key": "demo", "secret": "demo", "sign": "演示"},
        sandbox=True,
        per_second=50 if limited else None,
        per_day=100_000 if limited else None,
        now=now,
    )
