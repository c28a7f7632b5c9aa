"""regulars demo"""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from regulars.project.plainly import say


def run(
    members: Annotated[int, typer.Option(help="Only so many households (0: all 2 469)", min=0, max=2469)] = 0,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing where another organisation lives already")
    ] = False,
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """Fill the demo brand from a year of real shopping. Killed half-way, it goes on; filled, it is a quick no-op."""
    from regulars.project.opening import open_project
    from regulars.surfaces.cli.imports import plain

    with open_project(database_url=database_url or None):
        from regulars.kit.errors import Refusal

        try:
            _fill(members or None, if_empty)
        except Refusal as refusal:
            raise plain(refusal) from None


def _fill(limit: int | None, if_empty: bool) -> None:
    from django.conf import settings

    from regulars.flows.demo import api as demo
    from regulars.kit import clock
    from regulars.platform.organisations import api as organisations
    from regulars.project.database import demo_note

    if if_empty and not demo.exists() and organisations.list_organisations():
        return
    began = time.monotonic()
    with _Bar() as bar:
        filled = demo.fill(clock=clock.now, limit=limit, learn=True, told=bar.show)
    text = access(filled, demo.PASSWORD)
    demo_note().write_text(text, encoding="utf-8")
    if filled.already:
        print(say(zh="演示数据已就绪。", en="The demo is there already."))
    else:
        seconds = time.monotonic() - began
        print(
            say(
                zh=f"演示数据已就绪：{filled.members} 位会员，{filled.view.done} 条行为，用时 {seconds:.0f} 秒。",
                en=f"The demo is ready: {filled.members} members, {filled.view.done} activities, {seconds:.0f} s.",
            )
        )
    if filled.api_key:
        print(say(zh="  API 密钥（只显示这一次）", en="  API key (shown only this once)"), filled.api_key)
    if not if_empty:  # `regulars serve` shows it itself, with the address
        print(text.replace("{base}", settings.PUBLIC_URL).rstrip())


def access(filled: Any, password: str) -> str:
    """How to get into the demo, as `regulars serve` prints it; `{base}` is filled in there."""
    lines = [
        say(
            zh=f"  会员端    {{base}}/h/{filled.brand.slug}/",
            en=f"  portal    {{base}}/h/{filled.brand.slug}/",
        ),
        "",
        say(
            zh="  演示品牌：姓名、手机号、生日均为虚构（号段 +86 100 0000 xxxx 不存在），"
            "购物记录来自 2017 年公开数据集，1 美元按 1 元显示；",
            en="  A demo: names, birthdays and phone numbers (+86 100 0000 xxxx, which nobody can have) are made up; "
            "the shopping is a public data set of 2017,",
        ),
        say(
            zh="  部分积分消耗、签到、退货与评价为演示补充，标记为 demo；谁介绍了谁亦为虚构。",
            en="  $1 shown as ¥1; some burns, check-ins, refunds and reviews were added, marked demo; "
            "who brought whom is made up.",
        ),
        "",
    ]
    lines += [f"  {role:<9} {email:<24} {password}" for email, role in filled.logins]
    lines.append(
        say(
            zh=f"  会员登录  {filled.member_phone}（验证码见控制台“消息”）",
            en=f"  member    {filled.member_phone} (its code is in the console under Messages)",
        )
    )
    return "\n".join(lines) + "\n"


class _Bar:
    """What is being done, and the importer's bar while orders come in."""

    def __enter__(self) -> _Bar:
        from regulars.surfaces.cli.progress import ImportBar

        self._view: Any = None
        self._bar = ImportBar(lambda: self._view)
        self._bar.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._bar.__exit__(*raised)

    def show(self, stage: str, view: Any) -> None:
        if view is not None:
            self._view = view
            self._bar.show()
        elif stage == "members":
            print(
                say(zh="正在建立演示品牌、门店与会员……", en="Making the demo's brands, stores and members …")
            )
        elif stage == "settling":
            print(say(zh="正在结算到期与等级……", en="Settling expiry and tiers up to now …"))
        elif stage == "insight":
            print(
                say(zh="正在从购物记录中学习(RFM、价值、流失、推荐)……", en="Learning from what they bought …")
            )
