"""Check-ins, badges and leaderboards."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class CheckinSetting(models.Model):
    """How a brand's check-in works."""

    brand_id = models.UUIDField(primary_key=True)
    enabled = models.BooleanField()
    definition = models.JSONField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "checkin_setting"


class CheckinState(models.Model):
    """Make-up cards that a member has earned, and how long her longest row of days was."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    cards = models.IntegerField(default=0, db_default=0)
    best = models.IntegerField(default=0, db_default=0)
    total = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "checkin_state"
        constraints = [models.CheckConstraint(name="checkin_cards", condition=models.Q(cards__gte=0))]


class CheckinDay(models.Model):
    """One business day on which a member checked in, or which a card made up for. `bonus` are the lengths of a row
    whose bonus was given on it."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "day")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    day = models.DateField()
    kind = models.TextField()  # checkin | makeup
    paid_by = models.TextField(default="", db_default="")  # of a made-up day: month | card
    bonus = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        db_table = "checkin_day"
        constraints = [
            models.CheckConstraint(
                name="checkin_day_kind", condition=models.Q(kind__in=["checkin", "makeup"])
            ),
            models.CheckConstraint(
                name="checkin_day_paid", condition=models.Q(paid_by__in=["", "month", "card"])
            ),
        ]
        indexes = [models.Index(fields=["brand_id", "day"], name="checkin_day_by_brand")]


class Badge(models.Model):
    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()  # active | archived
    definition = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    # of one that is given by a condition: when everybody was asked last and will be next, and what went wrong
    followed_at = models.DateTimeField(null=True)
    next_run_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", db_default="")

    class Meta:
        db_table = "badge"
        constraints = [
            models.CheckConstraint(name="badge_state", condition=models.Q(state__in=["active", "archived"]))
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"], name="badge_due", condition=models.Q(next_run_at__isnull=False)
            )
        ]


class BadgeGrant(models.Model):
    """One time that a member was given a badge; how often makes its level."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "badge", "key")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    badge = models.TextField()
    key = models.TextField()
    source = models.TextField()
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "badge_grant"
        indexes = [models.Index(fields=["brand_id", "badge", "-granted_at"], name="badge_grant_by_badge")]
        constraints = [
            # its condition gives a member a badge once as long as it is hers
            models.UniqueConstraint(
                fields=["member_id", "brand_id", "badge"],
                name="badge_grant_condition",
                condition=models.Q(source="condition", revoked_at__isnull=True),
            )
        ]


class Board(models.Model):
    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()  # draft | active | ended
    definition = models.JSONField()
    live_at = models.DateTimeField(null=True)
    # from when on acts count (none: from `live_at`); while those before the opening are counted still: when to go on,
    # and how far that is
    counts_from = models.DateTimeField(null=True)
    fill_at = models.DateTimeField(null=True)
    filled_to = models.DateTimeField(null=True)
    filled_after = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "board"
        indexes = [
            models.Index(fields=["fill_at"], name="board_fill", condition=models.Q(fill_at__isnull=False))
        ]
        constraints = [
            models.CheckConstraint(
                name="board_state", condition=models.Q(state__in=["draft", "active", "ended"])
            )
        ]


class BoardMark(models.Model):
    """What one activity adds to a member's score in a period of a board, net of what went back."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "board", "activity_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    board = models.TextField()
    activity_id = models.UUIDField()
    period = models.TextField()
    store_id = models.UUIDField(null=True)
    amount = models.BigIntegerField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "board_mark"
        indexes = [models.Index(fields=["brand_id", "board", "period"], name="board_mark_by_period")]


class BoardChoice(models.Model):
    """Members who do not want to be on boards."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    hidden = models.BooleanField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "board_choice"


class BoardClose(models.Model):
    """A period of a board that is over: its places as they were, kept for good. There once: prizes were given."""

    pk = models.CompositePrimaryKey("brand_id", "board", "period", "place")
    brand_id = models.UUIDField()
    board = models.TextField()
    period = models.TextField()
    place = models.TextField()  # the store's id, or empty for the whole brand
    rows = models.JSONField()
    members = models.IntegerField()
    prizes = models.IntegerField()
    closed_at = models.DateTimeField()

    class Meta:
        db_table = "board_close"
