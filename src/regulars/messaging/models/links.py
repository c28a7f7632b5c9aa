"""Short links, their clicks, the ways out of marketing, and the sites a brand's links may lead to."""

from __future__ import annotations

from django.db import models


class Link(models.Model):
    """A short link of one send to one member. `code` alone finds it; it is random and says nothing of her.

    `kind`: `page` leads to `target`; `way_out` to the page where she takes back her consent to `channel`.
    """

    code = models.TextField(primary_key=True)
    brand_id = models.UUIDField()
    member_id = models.UUIDField()
    send_id = models.UUIDField(null=True)
    kind = models.TextField()
    name = models.TextField()
    target = models.TextField(default="", db_default="")
    channel = models.TextField(default="", db_default="")
    language = models.TextField()
    template = models.TextField(default="", db_default="")
    source = models.TextField(default="", db_default="")
    clicks = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    first_click_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "link"
        indexes = [
            models.Index(fields=["send_id"], name="link_send", condition=models.Q(send_id__isnull=False)),
            models.Index(fields=["created_at"], name="link_age"),
        ]
        constraints = [
            models.CheckConstraint(name="link_kind", condition=models.Q(kind__in=["page", "way_out"]))
        ]


class LinkTally(models.Model):
    """Sums by what was linked: how many links were made, clicked at least once, and clicked in all, by day."""

    pk = models.CompositePrimaryKey("brand_id", "source", "template", "name", "day")
    brand_id = models.UUIDField()
    source = models.TextField()
    template = models.TextField()
    name = models.TextField()
    day = models.DateField()
    target = models.TextField()
    made = models.IntegerField(default=0, db_default=0)
    clicked = models.IntegerField(default=0, db_default=0)
    clicks = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "link_tally"


class Click(models.Model):
    """A click that counts. One a minute and agent: gateways and previews ask many times. `agent` is a keyed hash."""

    pk = models.CompositePrimaryKey("code", "minute", "agent")
    code = models.TextField()
    minute = models.DateTimeField()
    agent = models.UUIDField()
    brand_id = models.UUIDField()
    at = models.DateTimeField()
    is_bot = models.BooleanField()

    class Meta:
        db_table = "click"
        indexes = [models.Index(fields=["brand_id", "-at"], name="click_newest")]


class LinkSetting(models.Model):
    """The sites, by host, that a brand's links may lead to."""

    brand_id = models.UUIDField(primary_key=True)
    domains = models.JSONField(default=list)
    updated_at = models.DateTimeField()
    updated_by = models.TextField(default="", db_default="")

    class Meta:
        db_table = "link_setting"
