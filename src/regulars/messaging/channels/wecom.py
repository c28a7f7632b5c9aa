"""WeCom mass messages: a task that staff confirm in their own app, four a month to each customer.

`add_msg_template` makes the task; customers who share words share one. Nothing has reached anybody by then: what
became of it is asked later (`results`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wechat import outcome_of
from regulars.messaging.channels.wire import Access, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField

HOST = "https://qyapi.weixin.qq.com"
MOST = 1000
# Answers that are about the account or the moment, so that no other question fares better.
OF_THE_ACCOUNT = frozenset(
    {
        "no_answer", "-1", "40001", "40013", "40014", "41001", "42001", "45009", "45033", "48001", "48002", "60011",
        "60020",
    }
)  # fmt: skip
_STATES = {1: "delivered", 2: "failed", 3: "failed"}
_WHY = {2: "no longer a contact", 3: "the customer has had her four messages this month"}


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of one customer's message. `reference` is that of the delivery."""

    reference: str
    state: str
    detail: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class _WeCom:
    values: Mapping[str, str]
    token: str
    is_local = False
    is_idempotent = False
    batch = MOST

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        groups: dict[tuple[str, str], list[Envelope]] = {}
        for envelope in envelopes:
            groups.setdefault((envelope.body, str(envelope.extra.get("url", ""))), []).append(envelope)
        done: dict[Any, Delivery] = {}
        for (text, url), group in groups.items():
            done |= self._task(text, url, group)
        return [done[envelope.id] for envelope in envelopes]

    def _task(self, text: str, url: str, group: list[Envelope]) -> dict[Any, Delivery]:
        host = (self.values.get("endpoint") or HOST).rstrip("/")
        body: dict[str, Any] = {
            "chat_type": "single",
            "external_userid": [envelope.to for envelope in group],
            "text": {"content": text},
        }
        if self.values.get("sender"):
            body["sender"] = self.values["sender"]
        if url:
            link = {"title": (text.splitlines() or [""])[0][:60] or url, "url": url}
            body["attachments"] = [{"msgtype": "link", "link": link}]
        found = wire.call(
            url=f"{host}/cgi-bin/externalcontact/add_msg_template?access_token={self.token}",
            headers={"Content-Type": "application/json"},
            body=wire.json_body(body),
        )
        if isinstance(found, Delivery):
            return {envelope.id: found for envelope in group}
        failed = set(found.get("fail_list") or ())
        task = str(found.get("msgid", ""))
        common = outcome_of(found, lambda _: "")
        return {
            envelope.id: Delivery("failed", error="no contact of anybody's in WeCom", reason="bad_address")
            if envelope.to in failed
            else Delivery("sent", reference=f"{task}:{envelope.to}")
            if common.state == "sent"
            else common
            for envelope in group
        }


class WeComProvider:
    code: str = "wecom"
    channel: str = "wecom"
    name: Text = Text("企业微信客户群发", "WeCom mass message")
    per_second: int | None = 20
    receipts: bool = False
    has_token: bool = True
    fields: tuple[AccountField, ...] = (
        AccountField("corp", Text("企业 ID", "Corp ID"), required=True),
        AccountField("secret", Text("客户联系 Secret", "Secret of customer contact"), secret=True, required=True),
        AccountField(
            "sender", Text("发送成员 userid", "User ID of the sender"),
            help=Text("留空则由各客户的跟进人确认", "Empty: whoever looks after a customer confirms"),
        ),
        AccountField(
            "endpoint", Text("接口地址", "Endpoint"), help=Text(f"留空为 {HOST}", f"Empty: {HOST}")
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        return _WeCom(values, token)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        host = (values.get("endpoint") or HOST).rstrip("/")
        found = wire.ask(
            url=f"{host}/cgi-bin/gettoken?corpid={values['corp']}&corpsecret={values['secret']}", method="GET"
        )
        if not found.get("access_token"):
            raise Refused(str(found.get("errcode", "")), str(found.get("errmsg", "")))
        return Access(str(found["access_token"]), int(found.get("expires_in", 7200)))

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        """That a token was given is what there is to know."""


def results(*, values: Mapping[str, str], token: str, task: str) -> list[Confirmed]:
    """What staff did about a task: one for each customer whose message went or cannot go. Raises `Refused`."""
    done: list[Confirmed] = []
    for row in _pages(values, token, "get_groupmsg_task", {"msgid": task}, "task_list"):
        asked = {"msgid": task, "userid": row["userid"]}
        for one in _pages(values, token, "get_groupmsg_send_result", asked, "send_list"):
            state = _STATES.get(int(one.get("status", 0)))
            if state is not None:
                at = one.get("send_time")
                done.append(
                    Confirmed(
                        f"{task}:{one.get('external_userid', '')}",
                        state,
                        _WHY.get(int(one["status"]), ""),
                        datetime.fromtimestamp(int(at), UTC) if at else None,
                    )
                )
    return done


def _pages(
    values: Mapping[str, str], token: str, action: str, asked: Mapping[str, Any], field: str
) -> list[dict[str, Any]]:
    host = (values.get("endpoint") or HOST).rstrip("/")
    found: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(100):
        answer = wire.ask(
            url=f"{host}/cgi-bin/externalcontact/{action}?access_token={token}",
            headers={"Content-Type": "application/json"},
            body=wire.json_body({**asked, "limit": 1000, "cursor": cursor}),
        )
        if answer.get("errcode"):
            raise Refused(str(answer["errcode"]), str(answer.get("errmsg", "")))
        found += answer.get(field) or []
        cursor = str(answer.get("next_cursor") or "")
        if not cursor:
            break
    return found
