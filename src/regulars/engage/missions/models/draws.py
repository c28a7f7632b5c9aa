"""Draws: their published odds, seeds, stock, chances and every draw that was made."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from regulars.engage.missions.types.draws import DRAW_STATES


class Draw(models.Model):
    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()
    definition = models.JSONField()
    live = models.IntegerField(default=0, db_default=0)
    revision = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "draw"
        constraints = [
            models.CheckConstraint(name="draw_state", condition=models.Q(state__in=list(DRAW_STATES)))
        ]


class DrawVersion(models.Model):
    """The odds as they were published; each draw names the version it was made under."""

    pk = models.CompositePrimaryKey("brand_id", "draw", "number")
    brand_id = models.UUIDField()
    draw = models.TextField()
    number = models.IntegerField()
    definition = models.JSONField()
    actor = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        db_table = "draw_version"


class DrawSeed(models.Model):
    """A server seed, sealed until it is revealed; its hash is public before the first draw with it."""

    pk = models.CompositePrimaryKey("brand_id", "draw", "number")
    brand_id = models.UUIDField()
    draw = models.TextField()
    number = models.IntegerField()
    sealed = models.BinaryField()
    hash = models.TextField()
    state = models.TextField()  # next | current | revealed
    published_at = models.DateTimeField()
    used_from = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "draw_seed"
        constraints = [
            models.CheckConstraint(
                name="draw_seed_state", condition=models.Q(state__in=["next", "current", "revealed"])
            ),
            models.UniqueConstraint(
                fields=["brand_id", "draw"], name="draw_seed_one_current", condition=models.Q(state="current")
            ),
        ]


class DrawSlot(models.Model):
    """What is left of a prize's stock; see `kit.slots`."""

    pk = models.CompositePrimaryKey("counter", "slot")
    counter = models.UUIDField()
    slot = models.SmallIntegerField()
    remaining = models.BigIntegerField()
    taken = models.BigIntegerField()

    class Meta:
        db_table = "draw_slot"
        constraints = [
            models.CheckConstraint(name="draw_slot_taken", condition=models.Q(taken__gte=0)),
            models.CheckConstraint(
                name="draw_slot_remaining", condition=models.Q(remaining__gte=0) | models.Q(slot=0)
            ),
        ]


class DrawSeat(models.Model):
    """A member at a draw: her own seed, how many draws she made with it, and how many in a row won nothing."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "draw")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    draw = models.TextField()
    client_seed = models.TextField()
    nonce = models.IntegerField(default=0, db_default=0)
    misses = models.IntegerField(default=0, db_default=0)
    plays = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "draw_seat"


class DrawChance(models.Model):
    """Chances that were given for something; `used` never exceeds `count`."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "draw", "key")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    draw = models.TextField()
    key = models.TextField()
    source = models.TextField()
    count = models.IntegerField()
    used = models.IntegerField(default=0, db_default=0)
    granted_at = models.DateTimeField()

    class Meta:
        db_table = "draw_chance"
        constraints = [
            models.CheckConstraint(
                name="draw_chance_used", condition=models.Q(used__gte=0, used__lte=models.F("count"))
            )
        ]


class DrawPlay(models.Model):
    """One draw: everything that it takes to reckon it again."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "draw", "id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    draw = models.TextField()
    id = models.UUIDField()
    key = models.TextField()
    version = models.IntegerField()
    seed = models.IntegerField()
    client_seed = models.TextField()
    nonce = models.IntegerField()
    number = models.TextField()  # the HMAC in hex
    drawn = models.TextField()  # the prize that the number says
    prize = (
        models.TextField()
    )  # the prize that was given: another where the stock was used up or a guarantee held
    why = models.TextField()  # odds | guaranteed | used_up
    paid_by = models.TextField()  # free | chance | points
    cost = models.BigIntegerField(default=0, db_default=0)
    refused = models.TextField(default="", db_default="")
    day = models.DateField()
    drawn_at = models.DateTimeField()

    class Meta:
        db_table = "draw_play"
        constraints = [
            models.UniqueConstraint(fields=["member_id", "brand_id", "draw", "key"], name="draw_play_key"),
            models.CheckConstraint(
                name="draw_play_why", condition=models.Q(why__in=["odds", "guaranteed", "used_up"])
            ),
            models.CheckConstraint(
                name="draw_play_paid", condition=models.Q(paid_by__in=["free", "chance", "points"])
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "draw", "-id"], name="draw_play_log"),
            models.Index(fields=["brand_id", "draw", "prize"], name="draw_play_prizes"),
        ]
