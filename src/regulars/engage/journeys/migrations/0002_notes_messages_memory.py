"""Notes in both languages, sums of what became of messages, and a memory of who has been in a journey."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

# the notes of ready-made journeys as they were: whichever language was taken, both are known
_READY_MADE = (
    (
        "入会十分钟后欢迎；七天未下单请门店联系",
        "a welcome, and a call by the store after a week without an order",
    ),
    ("首单十天后未复购则提醒，二十天后再提醒", "ten and twenty days after the first order"),
    ("生日前七天送上祝福与生日礼", "wishes a week ahead, once a year"),
    ("末单后 60 天未再购买", "sixty days after the last order"),
    ("需要声明行为类型 view（浏览商品）", "needs the activity type `view`"),
    ("预计用完前三天提醒", "three days before she is expected to run out"),
    ("等级到期前 30 天与 7 天", "30 and 7 days before the tier ends"),
    ("30 天内到期积分达 100", "100 points or more expire within 30 days"),
    ("60 天流失概率 50%–80%", "a chance of 50 to 80% not to buy in 60 days"),
    ("60 天流失概率 80% 以上；七天未回来请门店联系", "80% and more; a call after a week"),
)


def both_languages(apps: Any, schema_editor: Any) -> None:
    journey = apps.get_model("journeys", "Journey")
    journey.objects.exclude(note="").update(note_en=models.F("note"))
    for zh, en in _READY_MADE:
        journey.objects.filter(note__in=[zh, en]).update(note=zh, note_en=en[:1].upper() + en[1:])


class Migration(migrations.Migration):
    dependencies = [("journeys", "0001_initial")]

    operations = [
        migrations.AddField("journey", "note_en", models.TextField(db_default="", default="")),
        migrations.AddField("journey", "messages_until", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="JourneyMessage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "journey_id", "version", "node", "state", "reason", "channel",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                ("journey_id", models.UUIDField()),
                ("version", models.IntegerField()),
                ("node", models.TextField()),
                ("state", models.TextField()),
                ("reason", models.TextField()),
                ("channel", models.TextField()),
                ("messages", models.BigIntegerField()),
                ("clicked", models.BigIntegerField()),
            ],
            options={"db_table": "journey_message"},
        ),
        migrations.CreateModel(
            name="JourneyBeen",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id", "journey_id", "key",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                ("member_id", models.UUIDField()),
                ("journey_id", models.UUIDField()),
                ("key", models.TextField()),
            ],
            options={"db_table": "journey_been"},
        ),
        migrations.RunPython(both_languages, migrations.RunPython.noop, elidable=True),
    ]  # fmt: skip
