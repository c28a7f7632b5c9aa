"""The simulated provider's pay page: two buttons. A form of our own pages, so CSRF is checked as everywhere."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.html import escape
from django.views.decorators.csrf import csrf_protect

from regulars.kit import clock, money
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, Text
from regulars.platform.payments import api as payments
from regulars.platform.payments.api import SimulatedPage
from regulars.surfaces import access, rates

_TITLE = Text("支付模拟器", "Payment simulator")
_NOTE = Text("演示用，不会真的扣款。", "For demonstration; no money moves.")
_PAID = Text("支付成功", "Pay")
_FAILED = Text("支付失败", "Fail")
_BACK = Text("返回", "Back")
_STATES = {
    "pending": Text("等待支付", "Waiting for payment"),
    "paid": Text("已支付，结果正在通知商户", "Paid; the shop is being told"),
    "failed": Text("支付失败", "The payment failed"),
    "closed": Text("支付单已关闭", "The payment is closed"),
}
_BOX = (
    "max-width:22rem;margin:3rem auto;padding:1.5rem;font:16px/1.6 system-ui,sans-serif;border:1px solid #ddd"
)
_BUTTON = "width:100%;min-height:48px;margin-top:12px;border:0;border-radius:8px;font-size:16px"
_GOOD, _BAD = f"{_BUTTON};background:#1a7f4b;color:#fff", f"{_BUTTON};background:#eee;color:#333"


@csrf_protect
def pay_page(request: HttpRequest, account_id: UUID, number: str) -> HttpResponse:
    """Shows the payment; a press of a button decides it."""
    said = access.language(request)
    try:
        rates.charge_address(access.client_ip(request))
        token = request.GET.get("t", "")
        if request.method == "POST":
            outcome = "paid" if request.POST.get("outcome") == "paid" else "failed"
            page = payments.simulated_press(
                account_id=account_id, number=number, token=token, outcome=outcome, now=clock.now()
            )
        else:
            page = payments.simulated_page(account_id=account_id, number=number, token=token)
    except Refusal as refusal:
        text = escape(refusal.message.in_language(said))
        return HttpResponse(f'<!doctype html><meta charset="utf-8"><p>{text}</p>', status=refusal.status)
    return HttpResponse(_html(request, page, said), headers={"Cache-Control": "no-store"})


def _html(request: HttpRequest, page: SimulatedPage, said: Language) -> str:
    lines = [
        f"<h1>{_TITLE.in_language(said)}</h1>",
        f"<p>{escape(page.description)}</p>",
        f"<p><strong>{escape(money.show(page.amount, page.currency))}</strong></p>",
        f'<p role="status">{_STATES[page.state].in_language(said)}</p>',
    ]
    if page.state == "pending":
        lines += [
            '<form method="post">',
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">',
            f'<button name="outcome" value="paid" style="{_GOOD}">{_PAID.in_language(said)}</button>',
            f'<button name="outcome" value="failed" style="{_BAD}">{_FAILED.in_language(said)}</button>',
            "</form>",
        ]
    elif page.return_url:
        lines.append(f'<p><a href="{escape(page.return_url)}">{_BACK.in_language(said)}</a></p>')
    lines.append(f"<p><small>{_NOTE.in_language(said)}</small></p>")
    return (
        f'<!doctype html><html lang="{"zh-CN" if said == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{_TITLE.in_language(said)}</title><link rel="icon" href="data:,"></head>'
        f'<body><main style="{_BOX}">{"".join(lines)}</main></body></html>'
    )
