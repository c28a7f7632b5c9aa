"""What members pay for ahead: top-ups, packages, gift cards; what was given back; what changed hands.

Value itself stands in the ledger: rows here name its lots and say under which terms they were bought.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

KINDS = ("ladder", "package", "stamp_card", "settings")
STATES = ("draft", "active", "paused", "ended")
PACKAGE_STATES = ("active", "frozen", "transferred", "refunded")
CARD_STATES = ("made", "active", "claimed", "void", "expired")


class PrepaidDefinition(models.Model):
    """What operators edit: ladders, packages, stamp cards, and the brand's settings. `definition` is checked JSON."""

    pk = models.CompositePrimaryKey("brand_id", "kind", "key")
    brand_id = models.UUIDField()
    kind = models.TextField()
    key = models.TextField()
    state = models.TextField()
    definition = models.JSONField()
    revision = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prepaid_definition"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="prepaid_definition_kind"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="prepaid_definition_state"),
        ]


class TopUp(models.Model):
    """Stored value bought at once: `principal` paid, `bonus` given, each its own lot."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    ladder = models.TextField()
    principal = models.BigIntegerField()
    bonus = models.BigIntegerField()
    principal_lot = models.UUIDField()
    bonus_lot = models.UUIDField(null=True)
    refunded = models.BigIntegerField(default=0, db_default=0)
    bonus_taken = models.BigIntegerField(default=0, db_default=0)
    method = models.TextField()
    reference = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    actor = models.TextField(default="", db_default="")
    terms = models.JSONField()
    activity_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "top_up"
        indexes = [models.Index(fields=["brand_id", "created_at"], name="top_up_of_brand")]
        constraints = [
            models.CheckConstraint(condition=Q(principal__gt=0, bonus__gte=0), name="top_up_amounts"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("principal"))
                & Q(bonus_taken__gte=0, bonus_taken__lte=F("bonus")),
                name="top_up_refunded",
            ),
        ]


class Package(models.Model):
    """A package of sessions that a member has; how many are left is her lot's business."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()
    sessions = models.IntegerField()
    price = models.BigIntegerField()
    lot_id = models.UUIDField()
    bought_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    frozen_until = models.DateTimeField(null=True)
    frozen_days = models.IntegerField(default=0, db_default=0)
    refunded = models.BigIntegerField(default=0, db_default=0)
    came_from = models.UUIDField(null=True)
    method = models.TextField(default="", db_default="")
    reference = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    actor = models.TextField(default="", db_default="")
    terms = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "package"
        indexes = [
            models.Index(fields=["frozen_until"], name="package_thaw", condition=Q(state="frozen")),
            models.Index(fields=["brand_id", "created_at"], name="package_of_brand"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PACKAGE_STATES), name="package_state"),
            models.CheckConstraint(condition=Q(sessions__gt=0, price__gte=0), name="package_amounts"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("price")), name="package_refunded"
            ),
        ]


class PackageUse(models.Model):
    """Sessions used, or lost by not coming. `activity_id` is the burn that can be given back until `undo_until`."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    package_id = models.UUIDField()
    kind = models.TextField()  # use | no_show
    sessions = models.IntegerField()
    service = models.TextField(default="", db_default="")
    subject = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    actor = models.TextField(default="", db_default="")
    activity_id = models.UUIDField()
    first = models.BooleanField(default=False, db_default=False)
    used_at = models.DateTimeField()
    undo_until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "package_use"
        indexes = [models.Index(fields=["member_id", "package_id", "used_at"], name="package_use_of")]
        constraints = [models.CheckConstraint(condition=Q(sessions__gt=0), name="package_use_sessions")]


class Repayment(models.Model):
    """Money given back for a top-up, a package or a gift card. `units` is what was taken of the unit."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    what = models.TextField()  # top_up | package
    subject_id = models.UUIDField()
    money = models.BigIntegerField()
    units = models.BigIntegerField()
    bonus = models.BigIntegerField(default=0, db_default=0)
    by_right = models.BooleanField(default=False, db_default=False)
    reason = models.TextField(default="", db_default="")
    reference = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prepaid_repayment"
        constraints = [
            models.CheckConstraint(
                condition=Q(money__gte=0, units__gte=0, bonus__gte=0), name="repayment_amounts"
            )
        ]


class Transfer(models.Model):
    """Value that went to another member (`out`) or came from one (`in`): one row at each."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    direction = models.TextField()
    other_id = models.UUIDField()
    what = models.TextField()  # value | gift_card | package
    unit = models.TextField()
    amount = models.BigIntegerField()
    message = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "value_transfer"
        indexes = [models.Index(fields=["member_id", "brand_id", "-created_at"], name="value_transfer_of")]
        constraints = [
            models.CheckConstraint(condition=Q(direction__in=["in", "out"]), name="value_transfer_direction"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="value_transfer_amount"),
        ]


class StampExchange(models.Model):
    """A full stamp card that was exchanged."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    card = models.TextField()
    actor = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "stamp_exchange"


class Buyer(models.Model):
    """Who buys in her own name, as the law of prepaid cards asks; sealed."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()  # person | unit
    sealed = models.BinaryField()
    actor = models.TextField(default="", db_default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prepaid_buyer"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["person", "unit"]), name="prepaid_buyer_kind")
        ]


class GiftBatch(models.Model):
    """Gift cards of one face value, made together. Their numbers and PINs are handed out once, when they are made."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    design = models.TextField(default="", db_default="")
    face = models.BigIntegerField()
    price = models.BigIntegerField()
    count = models.IntegerField()
    valid_months = models.IntegerField(null=True)
    registered = models.BooleanField(default=False, db_default=False)
    handed_out_at = models.DateTimeField(null=True)
    created_by = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "gift_batch"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "code"], name="gift_batch_code"),
            models.CheckConstraint(
                condition=Q(face__gt=0, price__gte=0, count__gt=0), name="gift_batch_amounts"
            ),
        ]


class GiftCard(models.Model):
    """A gift card, found by the keyed hash of its number. `remaining` is what it has not yet brought to a wallet:
    its face until it is claimed, nothing after.
    """

    number_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    batch_id = models.UUIDField()
    serial = models.IntegerField()
    ending = models.TextField()
    pin_hash = models.UUIDField()
    face = models.BigIntegerField()
    state = models.TextField()
    misses = models.IntegerField(default=0, db_default=0)
    locked_until = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    activated_store_id = models.UUIDField(null=True)
    sold_by = models.TextField(default="", db_default="")
    reference = models.TextField(default="", db_default="")
    expires_at = models.DateTimeField(null=True)
    holder_id = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    lot_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(default="", db_default="")

    class Meta:
        db_table = "gift_card"
        indexes = [
            models.Index(fields=["batch_id", "serial"], name="gift_card_of_batch"),
            models.Index(fields=["holder_id"], name="gift_card_held", condition=Q(holder_id__isnull=False)),
            models.Index(fields=["expires_at"], name="gift_card_due", condition=Q(state="active")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CARD_STATES), name="gift_card_state"),
            models.CheckConstraint(condition=Q(face__gt=0), name="gift_card_face"),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(holder_id__isnull=False, lot_id__isnull=False),
                name="gift_card_claimed",
            ),
        ]


class GiftRefund(models.Model):
    """Money given back for a sold card that nobody had claimed; the card is void from then on. One to a card."""

    number_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    batch_id = models.UUIDField()
    paid = models.BigIntegerField()
    money = models.BigIntegerField()
    method = models.TextField()
    store_id = models.UUIDField(null=True)
    by_right = models.BooleanField(default=False, db_default=False)
    reason = models.TextField(default="", db_default="")
    reference = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "gift_card_refund"
        constraints = [
            models.CheckConstraint(condition=Q(money__gt=0, money__lte=F("paid")), name="gift_refund_money"),
        ]


class Household(models.Model):
    """A member who may draw value of the head of her household. A head is in nobody's."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    head_id = models.UUIDField()
    actor = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "household"
        indexes = [models.Index(fields=["head_id", "brand_id"], name="household_of_head")]
        constraints = [
            models.CheckConstraint(condition=~Q(member_id=F("head_id")), name="household_not_herself")
        ]


class PrepaidOrder(models.Model):
    """A purchase that waits for its payment, or got it. A member has one open one in a brand at most.

    `terms` is what she was shown; `result_id` is the top-up or package it became.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()  # package | ladder
    key = models.TextField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    state = models.TextField()  # open | done | void
    terms = models.JSONField()
    payment_id = models.UUIDField(null=True)
    result_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "prepaid_order"
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "brand_id"], name="prepaid_order_one_open", condition=Q(state="open")
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="prepaid_order_amount"),
            models.CheckConstraint(condition=Q(kind__in=("package", "ladder")), name="prepaid_order_kind"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "done", "void")), name="prepaid_order_state"
            ),
        ]
