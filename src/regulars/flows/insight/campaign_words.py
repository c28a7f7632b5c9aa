"""What the figures of a campaign say, in one plain sentence: whether the data can tell, and what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.kit.text import Language, Text
from regulars.kit.wording import money


def sentence(figures: Mapping[str, Any], *, currency: str, what: Text) -> Text:
    """`what` is who did it: the campaign, the programme's messages."""
    return Text(_said(figures, currency, what.zh, "zh"), _said(figures, currency, what.en, "en"))


def _said(figures: Mapping[str, Any], currency: str, what: str, language: Language) -> str:
    zh = language == "zh"
    verdict, uplift, final = figures["verdict"], figures.get("uplift"), figures["is_final"]
    so_far = (
        "" if final else ("（统计期未结束，以下为目前结果）" if zh else "So far (the period is not over): ")
    )
    if verdict == "no_holdout":
        return so_far + (
            f"没有对照组，数据只能说明会员做了什么，不能说明{what}带来了什么。"
            if zh
            else f"nobody was held out, so the data show what members did, not what {what} brought."
        )
    if verdict == "split":
        return so_far + (
            "各组人数与设定比例不符，结果不可信，请先查明原因。"
            if zh
            else "the groups are not of the sizes they should be, so the result cannot be trusted; find out why first."
        )
    if verdict == "too_few":
        return so_far + (
            "对照组或实验组不足 30 人，数据无法判断效果。"
            if zh
            else f"one of the groups has fewer than 30 members; the data cannot tell what {what} brought."
        )
    if verdict == "no_orders":
        return so_far + (
            "统计期内两组都没有订单，数据无法判断效果。"
            if zh
            else f"neither group ordered anything in the period; the data cannot tell what {what} brought."
        )
    assert uplift is not None
    one = uplift["money"]

    def cash(value: float) -> str:
        return money(round(value), currency, language)

    per, low, high = cash(abs(one["difference"])), cash(one["low"]), cash(one["high"])
    if verdict == "unclear":
        least = cash(one["detectable"])
        return so_far + (
            f"数据无法判断{what}是否有效：人均消费差异的 95% 区间为 {low} 到 {high}，包含 0。"
            f"以目前的人数，人均至少相差 {least}才有八成把握看出来。"
            if zh
            else f"the data cannot tell whether {what} changed anything: the 95 % interval of the difference in money "
            f"per member is {low} to {high} and holds zero. With groups of this size an effect below {least} per "
            "member would be missed more than one time in five."
        )
    if verdict == "down":
        return so_far + (
            f"{what}的会员人均消费比对照组少 {per}（95% 区间 {low} 到 {high}），效果为负。"
            if zh
            else f"members of {what} spent {per} less each than those held out (95 % interval {low} to {high}): "
            "it did harm."
        )
    return (
        so_far
        + (
            f"{what}的会员人均消费比对照组多 {per}（95% 区间 {low} 到 {high}），差异可信。"
            if zh
            else f"members of {what} spent {per} more each than those held out (95 % interval {low} to {high}); "
            "that is more than chance explains."
        )
        + _returned(figures, cash, zh)
    )


def _returned(figures: Mapping[str, Any], cash: Any, zh: bool) -> str:
    """Whether it was worth it, where the margin is known."""
    net = figures["total"]["net"]
    if net is None:
        return (
            "未设置毛利率，无法计算是否划算。"
            if zh
            else " The margin is not stated, so whether it paid cannot be said."
        )
    value, low, high = cash(net["value"]), cash(net["low"]), cash(net["high"])
    if net["low"] > 0:
        return (
            f"扣除成本后增量毛利 {value}（{low} 到 {high}），是划算的。"
            if zh
            else f" After costs it earned {value} ({low} to {high}): it paid."
        )
    if net["high"] < 0:
        return (
            f"但扣除成本后亏损 {cash(-net['value'])}（{low} 到 {high}）。"
            if zh
            else f" But after costs it lost {cash(-net['value'])} ({low} to {high})."
        )
    return (
        f"扣除成本后为 {value}（{low} 到 {high}），是否划算还不能确定。"
        if zh
        else f" After costs it is {value} ({low} to {high}); whether it paid cannot be said yet."
    )
