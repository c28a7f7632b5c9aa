# ruff: noqa: E501 — texts for people, one a line
"""Templates that come with Regulars as operators' own: written to be changed, with a default wherever a value may lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.kit.text import Text
from regulars.messaging.wording import Content, TemplatePurpose

Contents = Mapping[str, Mapping[str, Content]]
_NAME_ZH, _NAME_EN = "{{ member.name | default: '会员' }}", "{{ member.name | default: 'member' }}"
_STOP_ZH, _STOP_EN = " 拒收请回复R", " Reply R to stop"
_PAGE = (
    '<div style="max-width:560px;margin:0 auto;padding:24px;font:16px/1.7 sans-serif;color:#222">\n'
    '<h1 style="font-size:20px">{title}</h1>\n{body}\n'
    '<p><a href="{{{{ link }}}}" style="display:inline-block;padding:10px 20px;background:#8a5a2b;color:#fff;'
    'border-radius:6px;text-decoration:none">{button}</a></p>\n{foot}</div>\n'
)
_LETTER = (
    '<div style="max-width:560px;margin:0 auto;padding:24px;font:16px/1.7 sans-serif;color:#222">\n'
    '<h1 style="font-size:20px">{title}</h1>\n{body}\n</div>\n'
)
_FOOT_ZH = (
    '<p style="font-size:12px;color:#777">{{ brand.name }} · 不想再收到此类邮件？'
    '<a href="{{ unsubscribe_link }}">退订</a></p>\n'
)
_FOOT_EN = (
    '<p style="font-size:12px;color:#777">{{ brand.name }} · No more of these? '
    '<a href="{{ unsubscribe_link }}">Unsubscribe</a></p>\n'
)


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """`title` is the subject in inbox and mail, `text` the words everywhere; `script` is for a task of store staff.
    Without a `button` nothing leads anywhere. `data`: parameters of a text message's template at the provider."""

    code: str
    name: Text
    purpose: TemplatePurpose
    title: Text
    text: Text
    button: Text
    samples: Mapping[str, Any] = field(default_factory=dict)
    script: Text | None = None
    data: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ("inbox", "sms", "email")

    def contents(self) -> Contents:
        """Both languages of each channel."""
        made: dict[str, dict[str, Content]] = {}
        for channel in self.channels:
            made[channel] = {"zh": self._content(channel, "zh"), "en": self._content(channel, "en")}
        return made

    def _content(self, channel: str, language: str) -> Content:
        zh = language == "zh"
        title, text, button = (one.zh if zh else one.en for one in (self.title, self.text, self.button))
        marketing = self.purpose == "marketing"
        if channel == "inbox":
            return Content(subject=title, body=text)
        if channel == "sms":
            stop = (_STOP_ZH if zh else _STOP_EN) if marketing else ""
            link = " {{ link }}" if button else ""
            return Content(body=f"{text}{link}{stop}", sign="", data=self.data)
        if channel == "email":
            paragraphs = "\n".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip())
            foot = (_FOOT_ZH if zh else _FOOT_EN) if marketing else ""
            if not button:
                return Content(
                    subject=title, html=_LETTER.format(title=title, body=paragraphs), body=f"{text}\n"
                )
            plain = f"{text}\n\n{button}: {{{{ link }}}}\n"
            if marketing:
                plain += ("退订：" if zh else "Unsubscribe: ") + "{{ unsubscribe_link }}\n"
            page = _PAGE.format(title=title, body=paragraphs, button=button, foot=foot)
            return Content(subject=title, html=page, body=plain)
        if channel == "wecom":
            return Content(body=text, url="{{ link }}")
        assert channel == "task" and self.script is not None
        return Content(subject=title, body=self.script.zh if zh else self.script.en)


def _one(
    code: str,
    name: tuple[str, str],
    title: tuple[str, str],
    text: tuple[str, str],
    button: tuple[str, str] = ("去看看", "Have a look"),
    purpose: TemplatePurpose = "marketing",
    **more: Any,
) -> ReadyMade:
    return ReadyMade(code, Text(*name), purpose, Text(*title), Text(*text), Text(*button), **more)


_COUPON_ZH = "{% if coupon.name %}送您一张{{ coupon.name }}{% if coupon.ends_on %}，{{ coupon.ends_on | date: '%-m月%-d日' }}前有效{% endif %}。{% endif %}"
_COUPON_EN = "{% if coupon.name %}Here is {{ coupon.name }}{% if coupon.ends_on %}, good until {{ coupon.ends_on }}{% endif %}.{% endif %}"
_LIKE_ZH = "{% if recommended.names %}为您挑选了{{ recommended.names }}。{% endif %}"
_LIKE_EN = "{% if recommended.names %}We picked {{ recommended.names }} for you.{% endif %}"

READY_MADE: tuple[ReadyMade, ...] = (
    _one(
        "welcome", ("欢迎入会", "Welcome"), ("欢迎加入{{ brand.name }}", "Welcome to {{ brand.name }}"),
        (f"{_NAME_ZH}您好，欢迎加入{{{{ brand.name }}}}。您的会员编号是 {{{{ member.code }}}}，消费即可累积{{{{ points.name | default: '积分' }}}}。{_COUPON_ZH}",
         f"Hello {_NAME_EN}, welcome to {{{{ brand.name }}}}. Your member code is {{{{ member.code }}}}; every purchase earns {{{{ points.name | default: 'points' }}}}. {_COUPON_EN}"),
        ("打开会员中心", "Open your card"), "service", samples={"coupon": {"name": "满 100 减 20", "ends_on": "2026-03-31"}},
    ),
    _one(
        "birthday", ("生日祝福", "Birthday"), ("生日快乐，{{ member.name | default: '亲爱的会员' }}", "Happy birthday, {{ member.name | default: 'dear member' }}"),
        (f"{_NAME_ZH}，祝您生日快乐。{_COUPON_ZH}欢迎到店领取生日礼。", f"{_NAME_EN}, all of us wish you a happy birthday. {_COUPON_EN} A small gift waits for you."),
        ("领取生日礼", "Get your gift"), samples={"coupon": {"name": "生日蛋糕券", "ends_on": "2026-03-31"}},
    ),
    _one(
        "anniversary", ("入会周年", "Anniversary"), ("感谢 {{ member.years }} 年相伴", "{{ member.years }} {% if member.years == 1 %}year{% else %}years{% endif %} with us: thank you"),
        (f"{_NAME_ZH}，您加入{{{{ brand.name }}}}已满 {{{{ member.years }}}} 年。{_COUPON_ZH}感谢一路相伴。",
         f"{_NAME_EN}, you have been with {{{{ brand.name }}}} for {{{{ member.years }}}} {{% if member.years == 1 %}}year{{% else %}}years{{% endif %}}. {_COUPON_EN} Thank you for staying."),
        ("查看会员权益", "See your benefits"), samples={"coupon": {"name": "周年礼券", "ends_on": "2026-03-31"}},
    ),
    _one(
        "festival", ("节日祝福", "Festival"), ("{{ festival | default: '节日' }}快乐", "Happy {{ festival_en | default: festival | default: 'holidays' }}"),
        (f"{_NAME_ZH}，{{{{ brand.name }}}}祝您{{{{ festival | default: '节日' }}}}快乐。{_COUPON_ZH}{_LIKE_ZH}",
         f"{_NAME_EN}, {{{{ brand.name }}}} wishes you a happy {{{{ festival_en | default: festival | default: 'holiday' }}}}. {_COUPON_EN} {_LIKE_EN}"),
        samples={"festival": "中秋节", "festival_en": "Mid-Autumn Festival", "coupon": {"name": "中秋礼券", "ends_on": "2026-09-30"}},
    ),
    _one(
        "first-to-second", ("首购促复购", "First to second purchase"), ("下一次，更合您心意", "Something for next time"),
        (f"{_NAME_ZH}，感谢您的第一次选择。{_COUPON_ZH}{_LIKE_ZH}", f"{_NAME_EN}, thank you for your first purchase. {_COUPON_EN} {_LIKE_EN}"),
        samples={"coupon": {"name": "复购立减 15", "ends_on": "2026-03-31"}},
    ),
    _one(
        "dormant-60", ("沉睡 60 天唤醒", "Dormant 60 days"), ("好久不见，{{ member.name | default: '您好' }}", "It has been a while, {{ member.name | default: 'dear member' }}"),
        (f"{_NAME_ZH}，您已经有一阵子没来了。{_COUPON_ZH}{_LIKE_ZH}您的 {{{{ points.available | default: 0 }}}} {{{{ points.name | default: '积分' }}}}还在。",
         f"{_NAME_EN}, we have not seen you for a while. {_COUPON_EN} {_LIKE_EN} Your {{{{ points.available | default: 0 }}}} {{{{ points.name | default: 'points' }}}} are still here."),
        samples={"coupon": {"name": "回归礼券", "ends_on": "2026-03-31"}},
    ),
    _one(
        "viewed-not-bought", ("看了未买", "Viewed, not bought"), ("您看过的{{ product | default: '好物' }}还在", "{{ product | default: 'What you looked at' }} is still here"),
        (f"{_NAME_ZH}，您看过的{{{{ product | default: '商品' }}}}还有货。{_COUPON_ZH}", f"{_NAME_EN}, {{{{ product | default: 'what you looked at' }}}} is still in stock. {_COUPON_EN}"),
        ("继续看看", "Look again"), samples={"product": "手冲壶", "coupon": {"name": "满 100 减 10"}},
    ),
    _one(
        "refill", ("复购补货提醒", "Refill"), ("{{ product | default: item | default: '常用品' }}快用完了吧？", "Running low on {{ product | default: item | default: 'your favourites' }}?"),
        (f"{_NAME_ZH}，按您的习惯，{{{{ product | default: item | default: due.names | default: '常用品' }}}}差不多该补货了。{_COUPON_ZH}",
         f"{_NAME_EN}, by your habit it is about time for more {{{{ product | default: item | default: due.names | default: 'of your favourites' }}}}. {_COUPON_EN}"),
        ("一键补货", "Buy again"), samples={"product": "燕麦奶", "item": "燕麦奶", "coupon": {"name": "补货九折"}},
    ),
    _one(
        "tier-at-risk", ("保级提醒", "Tier at risk"), ("您的{{ member.tier | default: '等级' }}即将到期", "Your {{ member.tier | default: 'tier' }} is about to end"),
        (f"{_NAME_ZH}，您的{{{{ member.tier | default: '等级' }}}}{{% if ends_on %}}将于 {{{{ ends_on | date: '%-m月%-d日' }}}}到期{{% else %}}即将到期{{% endif %}}。{{% if missing %}}再消费 {{{{ missing }}}} 即可保级。{{% endif %}}",
         f"{_NAME_EN}, your {{{{ member.tier | default: 'tier' }}}} ends {{% if ends_on %}}on {{{{ ends_on }}}}{{% else %}}soon{{% endif %}}. {{% if missing %}}Spend {{{{ missing }}}} more to keep it.{{% endif %}}"),
        ("查看等级进度", "See your progress"), "service", samples={"ends_on": "2026-03-31", "missing": "¥320"},
    ),
    _one(
        "points-expiring", ("积分到期提醒", "Points expiring"), ("{{ points.expiring | default: '部分' }} {{ points.name | default: '积分' }}即将到期", "{{ points.expiring | default: 'Some' }} {{ points.name | default: 'points' }} expire soon"),
        (f"{_NAME_ZH}，您有 {{{{ points.expiring | default: '部分' }}}} {{{{ points.name | default: '积分' }}}}{{% if points.expires_on %}}将于 {{{{ points.expires_on | date: '%-m月%-d日' }}}}到期{{% else %}}即将到期{{% endif %}}，记得使用。",
         f"{_NAME_EN}, {{{{ points.expiring | default: 'some' }}}} of your {{{{ points.name | default: 'points' }}}} expire {{% if points.expires_on %}}on {{{{ points.expires_on }}}}{{% else %}}soon{{% endif %}}. Do use them."),
        ("去使用", "Use them"), "service",
    ),
    _one(
        "churn-light", ("轻度流失挽留", "Churn, light"), ("为您留了一份心意", "We kept something for you"),
        (f"{_NAME_ZH}，{{{{ brand.name }}}}惦记着您。{_LIKE_ZH}{_COUPON_ZH}", f"{_NAME_EN}, {{{{ brand.name }}}} thinks of you. {_LIKE_EN} {_COUPON_EN}"),
        samples={"coupon": {"name": "满 80 减 10", "ends_on": "2026-03-31"}},
    ),
    _one(
        "churn-heavy", ("重度流失挽回", "Churn, heavy"), ("请再给我们一次机会", "Give us another chance"),
        (f"{_NAME_ZH}，很久没有见到您。如果有不满意的地方，请告诉我们。{_COUPON_ZH}", f"{_NAME_EN}, we have missed you. If something was not right, tell us. {_COUPON_EN}"),
        ("说说您的想法", "Tell us"), samples={"coupon": {"name": "专属五折券", "ends_on": "2026-03-31"}},
        channels=("inbox", "sms", "email", "wecom", "task"),
        script=Text(
            "致电{{ member.name | default: '会员' }}（{{ member.code }}）：先问候，了解近况和不满之处；再告知为其保留的礼遇{% if coupon.name %}（{{ coupon.name }}）{% endif %}；记录原话，不推销。",
            "Call {{ member.name | default: 'the member' }} ({{ member.code }}): greet, ask how things are and what was not right; tell of what is kept for her{% if coupon.name %} ({{ coupon.name }}){% endif %}; write down her words, sell nothing.",
        ),
    ),
    _one(
        "referral", ("推荐有礼", "Referral"), ("邀好友，一起得礼", "Invite friends, both get a gift"),
        (f"{_NAME_ZH}，把{{{{ brand.name }}}}推荐给朋友，朋友首单后你们都有礼。{{% if code %}}您的推荐码：{{{{ code }}}}。{{% endif %}}",
         f"{_NAME_EN}, tell a friend about {{{{ brand.name }}}}: after the first order you both get a gift. {{% if code %}}Your code: {{{{ code }}}}.{{% endif %}}"),
        ("去邀请", "Invite"), samples={"code": "WANG88"},
    ),
    _one(
        "mission-done", ("任务完成", "Mission done"), ("任务完成：{{ mission | default: '本次任务' }}", "Done: {{ mission | default: 'your mission' }}"),
        (f"{_NAME_ZH}，您完成了{{{{ mission | default: '任务' }}}}{{% if reward %}}，获得{{{{ reward }}}}{{% endif %}}。", f"{_NAME_EN}, you have finished {{{{ mission | default: 'a mission' }}}}{{% if reward %}} and got {{{{ reward }}}}{{% endif %}}."),
        ("查看奖励", "See it"), "service", samples={"mission": "连续签到 7 天", "reward": "50 积分"}, channels=("inbox", "email"),
    ),
    _one(
        "draw-prize", ("抽奖中奖", "Draw prize"), ("恭喜，您抽中了{{ prize | default: '奖品' }}", "You have won {{ prize | default: 'a prize' }}"),
        (f"{_NAME_ZH}，恭喜您抽中{{{{ prize | default: '奖品' }}}}{{% if ends_on %}}，请在 {{{{ ends_on | date: '%-m月%-d日' }}}}前领取{{% endif %}}。", f"{_NAME_EN}, congratulations: you have won {{{{ prize | default: 'a prize' }}}}{{% if ends_on %}}; collect it by {{{{ ends_on }}}}{{% endif %}}."),
        ("领取奖品", "Collect it"), "service", samples={"prize": "手冲咖啡壶", "ends_on": "2026-03-31"},
    ),
    _one(
        "thank-you", ("感谢信", "Thank-you letter"), ("写给您的一封感谢信", "A letter of thanks"),
        (f"{_NAME_ZH}：\n您已经选择{{{{ brand.name }}}} {{{{ orders | default: member.orders }}}} 次。每一次，都有人认真为您准备。\n谢谢您。{_COUPON_ZH}\n{{{{ signed | default: brand.name }}}}",
         f"Dear {_NAME_EN},\nyou have chosen {{{{ brand.name }}}} {{{{ orders | default: member.orders }}}} times, and each time somebody took care of it for you.\nThank you. {_COUPON_EN}\n{{{{ signed | default: brand.name }}}}"),
        samples={"orders": 50, "signed": "店长 李敏", "coupon": {"name": "老友礼券"}}, channels=("inbox", "email"),
    ),
    _one(
        "service-due", ("售后提醒", "Service reminder"), ("{{ item | default: '您购买的商品' }}该保养了", "Time to look after your {{ item | default: 'purchase' }}"),
        (f"{_NAME_ZH}，您{{% if bought_on %}}在 {{{{ bought_on | date: '%Y 年 %-m 月 %-d 日' }}}} {{% endif %}}购买的{{{{ item | default: '商品' }}}}到了该检查的时候，欢迎来店或预约。",
         f"{_NAME_EN}, the {{{{ item | default: 'item' }}}} you bought{{% if bought_on %}} on {{{{ bought_on | date: '%-d %B %Y' }}}}{{% endif %}} is due for a check. Come by or book a time."),
        ("预约到店", "Book a time"), "service", samples={"item": "跑步机", "bought_on": "2025-09-01", "days": 180},
    ),
    _one(
        "sign-in-code", ("登录验证码", "Sign-in code"), ("{{ brand.name }} 验证码", "Your code for {{ brand.name }}"),
        ("验证码 {{ code }}，{{ minutes }} 分钟内有效。如非本人操作请忽略，不要告诉任何人。",
         "Your code is {{ code }}. It works for {{ minutes }} minutes. If you did not ask for it, ignore this; never tell it to anyone."),
        ("", ""), "service", samples={"code": "135790", "minutes": 5}, channels=("sms", "email"), data=(("code", "{{ code }}"),),
    ),
)  # fmt: skip
