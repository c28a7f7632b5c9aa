"""Services, resources, the time that is taken, bookings, the waiting list, blocks after no-shows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

OFFER_STATES = ("draft", "active", "paused", "ended")
BOOKING_STATES = ("booked", "offered", "checked_in", "no_show", "cancelled", "lapsed")


class Service(models.Model):
    """What can be booked; `definition` is its checked JSON."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()
    definition = models.JSONField()
    sort = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "service"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "key"], name="service_key"),
            models.CheckConstraint(condition=Q(state__in=OFFER_STATES), name="service_state"),
        ]


class Resource(models.Model):
    """Who or what is booked: an adviser, a room, a class; with its hours."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()
    definition = models.JSONField()
    sort = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "resource"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "key"], name="resource_key"),
            models.CheckConstraint(condition=Q(state__in=OFFER_STATES), name="resource_state"),
        ]


class ResourceTime(models.Model):
    """Five minutes of a resource and how many places of them are taken; no row: none. Never above the capacity that was
    given when the last place was taken."""

    pk = models.CompositePrimaryKey("resource_id", "starts_at")
    resource_id = models.UUIDField()
    starts_at = models.DateTimeField()
    taken = models.IntegerField()
    capacity = models.IntegerField()

    class Meta:
        db_table = "resource_time"
        constraints = [
            models.CheckConstraint(condition=Q(taken__gte=0), name="resource_time_not_negative"),
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity")), name="resource_time_not_overbooked"
            ),
        ]


class Booking(models.Model):
    """One booking; an `offered` one is a place held for somebody of the waiting list."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    service_id = models.UUIDField()
    resource_id = models.UUIDField()
    store_id = models.UUIDField()
    state = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    resource_name_zh = models.TextField()
    resource_name_en = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    blocked_until = models.DateTimeField()
    places = models.IntegerField()
    key = models.TextField()
    body_hash = models.UUIDField()
    source = models.TextField(default="", db_default="")
    note = models.TextField(default="", db_default="")
    reason = models.TextField(default="", db_default="")
    late = models.BooleanField(default=False, db_default=False)
    actor = models.TextField(default="", db_default="")
    activity_id = models.UUIDField(null=True)
    session_id = models.UUIDField(null=True)
    moved_from = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    offer_until = models.DateTimeField(null=True)
    checked_in_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "booking"
        constraints = [
            models.UniqueConstraint(fields=["member_id", "brand_id", "key"], name="booking_key"),
            models.CheckConstraint(condition=Q(state__in=BOOKING_STATES), name="booking_state"),
            models.CheckConstraint(condition=Q(places__gt=0), name="booking_places"),
        ]
        indexes = [
            models.Index(fields=["store_id", "starts_at", "id"], name="booking_of_store"),
            models.Index(fields=["brand_id", "starts_at", "id"], name="booking_of_brand"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="booking_due"),
            models.Index(
                fields=["remind_at"], condition=Q(remind_at__isnull=False), name="booking_to_remind"
            ),
        ]


class Waiting(models.Model):
    """Somebody waits for a place at a resource at a time."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    service_id = models.UUIDField()
    resource_id = models.UUIDField()
    starts_at = models.DateTimeField()
    places = models.IntegerField()
    rank = models.IntegerField()
    state = models.TextField()
    created_at = models.DateTimeField()
    booking_id = models.UUIDField(null=True)

    class Meta:
        db_table = "waiting"
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "resource_id", "starts_at"],
                name="waiting_once",
                condition=Q(state="waiting"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["resource_id", "starts_at", "-rank", "created_at"],
                condition=Q(state="waiting"),
                name="waiting_in_order",
            ),
            models.Index(fields=["starts_at"], condition=Q(state="waiting"), name="waiting_by_time"),
        ]


class BookingBlock(models.Model):
    """Until when a member may not book after no-shows; `since` is where the next count begins."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        db_table = "booking_block"
