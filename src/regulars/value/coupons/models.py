"""Coupon definitions, issued coupons, the directory of codes, gifts, counters, and bulk issues under way."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class CouponDefinition(models.Model):
    """What a coupon is worth, to whom and for how long. `definition` is its canonical JSON; `revision` counts edits."""

    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    state = models.TextField()  # draft | active | paused | ended
    definition = models.JSONField()
    revision = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "coupon_definition"
        constraints = [
            models.CheckConstraint(
                name="coupon_definition_state",
                condition=Q(state__in=["draft", "active", "paused", "ended"]),
            )
        ]


class Coupon(models.Model):
    """One issued coupon of a member.

    `lock` says who holds a locked one (a quote's or order's key, `gift:<hash>`) until `locked_until`. `source` is
    where it came from: `portal`, `code:<…>`, `issue:<id>`, `rule:<activity>`, `gift:<coupon>`, `api:<key>`. `amount`
    is what it took off, in minor units. What most coupons never have is NULL: a million rows stay small. `persons`
    are the hashes under which the limit per natural person counted it.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    definition = models.TextField()
    state = models.TextField()
    claimed_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    source = models.TextField()
    lock = models.TextField(null=True)  # noqa: DJ001
    locked_until = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    order = models.TextField(null=True)  # noqa: DJ001
    store_id = models.UUIDField(null=True)
    channel = models.TextField(null=True)  # noqa: DJ001
    actor = models.TextField(null=True)  # noqa: DJ001
    amount = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    code = models.TextField(null=True)  # noqa: DJ001
    persons = ArrayField(models.UUIDField(), null=True)

    class Meta:
        db_table = "coupon"
        constraints = [
            models.CheckConstraint(
                name="coupon_state",
                condition=Q(state__in=["claimed", "locked", "used", "returned", "expired", "void", "gifted"]),
            ),
            models.CheckConstraint(name="coupon_used", condition=~Q(state="used") | Q(used_at__isnull=False)),
            models.CheckConstraint(
                name="coupon_locked", condition=~Q(state="locked") | Q(lock__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="coupon_due",
                condition=Q(state="claimed", expires_at__isnull=False),
            ),
            models.Index(fields=["locked_until"], name="coupon_lock_due", condition=Q(state="locked")),
        ]


class CouponTally(models.Model):
    """How many coupons of a definition a member has had: the limit per member."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "definition")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    definition = models.TextField()
    taken = models.IntegerField()

    class Meta:
        db_table = "coupon_tally"
        constraints = [models.CheckConstraint(name="coupon_tally_taken", condition=Q(taken__gte=0))]


class CouponPerson(models.Model):
    """Directory: how many coupons of a definition a natural person has had, by the hash of the definition and of what
    makes her known (her id in the organisation, each of her phone numbers)."""

    key_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    taken = models.IntegerField()

    class Meta:
        db_table = "coupon_person"
        constraints = [models.CheckConstraint(name="coupon_person_taken", condition=Q(taken__gte=0))]


class CouponSlot(models.Model):
    """A part of what may be issued of a definition in all or on a day, or was used of it; see `kit.slots`."""

    pk = models.CompositePrimaryKey("counter", "slot")
    counter = models.UUIDField()
    slot = models.SmallIntegerField()
    remaining = models.BigIntegerField()
    taken = models.BigIntegerField()

    class Meta:
        db_table = "coupon_slot"
        constraints = [
            models.CheckConstraint(name="coupon_slot_taken", condition=Q(taken__gte=0)),
            models.CheckConstraint(name="coupon_slot_remaining", condition=Q(remaining__gte=0) | Q(slot=0)),
        ]


class CouponCode(models.Model):
    """Directory of codes by the hash of brand and code. `code` is spelt as its maker spelt it.

    free: whoever brings it claims it; reserved: kept back for `reserved_for`; open: a word that many may use; bound:
    it became (or was handed out with) a coupon; void: worth nothing.
    """

    code_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    definition = models.TextField()
    code = models.TextField()
    state = models.TextField()
    batch_id = models.UUIDField(null=True)
    holder_id = models.UUIDField(null=True)
    coupon_id = models.UUIDField(null=True)
    bound_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "coupon_code"
        constraints = [
            models.CheckConstraint(
                name="coupon_code_state",
                condition=Q(state__in=["free", "reserved", "open", "bound", "void"]),
            ),
            models.CheckConstraint(
                name="coupon_code_bound", condition=~Q(state="bound") | Q(coupon_id__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["batch_id", "code_hash"], name="coupon_code_by_batch"),
            models.Index(
                fields=["brand_id", "definition"], name="coupon_code_free", condition=Q(state="free")
            ),
        ]


class CouponBatch(models.Model):
    """Codes made or imported together. `origin`: made | imported | words."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    definition = models.TextField()
    origin = models.TextField()
    count = models.IntegerField()
    note = models.TextField(default="", db_default="")
    reserved_for = models.TextField(default="", db_default="")
    actor = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "coupon_batch"
        indexes = [models.Index(fields=["brand_id", "definition", "-created_at"], name="coupon_batch_by_def")]


class CouponGift(models.Model):
    """Directory of gifts by the hash of their code: whoever accepts first gets the coupon."""

    token_hash = models.UUIDField(primary_key=True)
    token = models.TextField()
    brand_id = models.UUIDField()
    definition = models.TextField()
    giver_id = models.UUIDField()
    coupon_id = models.UUIDField()
    state = models.TextField()  # offered | accepted | cancelled | expired
    message = models.TextField(default="", db_default="")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    taker_id = models.UUIDField(null=True)
    taken_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "coupon_gift"
        constraints = [
            models.CheckConstraint(
                name="coupon_gift_state",
                condition=Q(state__in=["offered", "accepted", "cancelled", "expired"]),
            )
        ]


class CouponIssue(models.Model):
    """A bulk issue to a segment: taken up in portions by due work; `after` is the last member seen."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    definition = models.TextField()
    key = models.TextField()
    state = models.TextField()  # queued | running | done | failed | cancelled
    segment = models.JSONField()
    total = models.BigIntegerField()
    seen = models.BigIntegerField(default=0, db_default=0)
    issued = models.BigIntegerField(default=0, db_default=0)
    repeated = models.BigIntegerField(default=0, db_default=0)
    refused = models.JSONField(default=dict, db_default={})
    after = models.UUIDField(null=True)
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField()
    problem = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "coupon_issue"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "key"], name="coupon_issue_key"),
            models.CheckConstraint(
                name="coupon_issue_state",
                condition=Q(state__in=["queued", "running", "done", "failed", "cancelled"]),
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "-created_at"], name="coupon_issue_by_brand"),
            models.Index(
                fields=["created_at"], name="coupon_issue_open", condition=Q(state__in=["queued", "running"])
            ),
        ]
