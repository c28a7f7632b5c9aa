"""What was sold at a till or in a shop through a quote: the checkout, and what came back of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Checkout(models.Model):
    """One committed quote. `id` is the directory key of its order, so an order number finds it.

    `cart`, `priced` and `moves` (what was burnt, used and taken, to be given back) are the flow's JSON. `returned`
    carries what went back so far by line. `revision` counts the commits of one order number: a checkout that was
    reopened is committed again as the next.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    source = models.TextField()
    number = models.TextField()
    revision = models.IntegerField(default=1, db_default=1)
    state = models.TextField()  # committed | partly_returned | returned | cancelled | reopened
    store_id = models.UUIDField(null=True)
    channel = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    currency = models.TextField()
    listed = models.BigIntegerField()  # minor units before any price, offer or tender
    payable = models.BigIntegerField()  # what was left to pay in money
    order_id = models.UUIDField()  # the order's activity
    cart = models.TextField()
    priced = models.TextField()
    moves = models.TextField()
    returned = models.TextField(default="{}", db_default="{}")
    committed_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "checkout"
        indexes = [
            models.Index(fields=["brand_id", "store_id", "-committed_at"], name="checkout_of_store"),
        ]
        constraints = [
            models.CheckConstraint(
                name="checkout_state",
                condition=Q(state__in=["committed", "partly_returned", "returned", "cancelled", "reopened"]),
            ),
            models.CheckConstraint(name="checkout_amounts", condition=Q(listed__gte=0) & Q(payable__gte=0)),
        ]


class CheckoutReturn(models.Model):
    """Goods of a checkout that came back at once; `plan` is the flow's JSON of what was given back for them."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    checkout_id = models.UUIDField()
    number = models.TextField()
    kind = models.TextField(default="return", db_default="return")  # return | cancel | reopen
    amount = models.BigIntegerField()  # money given back, minor units
    reason = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    plan = models.TextField()
    returned_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "checkout_return"
        indexes = [models.Index(fields=["member_id", "checkout_id"], name="checkout_return_of")]
        constraints = [models.CheckConstraint(name="checkout_return_amount", condition=Q(amount__gte=0))]
