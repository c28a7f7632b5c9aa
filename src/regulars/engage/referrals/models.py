"""Referrals, shares and commission: settings, links, who came by whom, what links brought, what promoters earned."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Setting(models.Model):
    """One version of a brand's programme. Versions do not change: a referral keeps to the one it began under."""

    pk = models.CompositePrimaryKey("brand_id", "version")
    brand_id = models.UUIDField()
    version = models.IntegerField()
    definition = models.JSONField()
    actor = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referral_setting"


class Share(models.Model):
    """A link of one member for one content. Her personal invitation is the share of kind `join`."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()
    content = models.TextField(default="", db_default="")
    code = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "share"
        constraints = [
            models.UniqueConstraint(fields=["member_id", "brand_id", "kind", "content"], name="share_once"),
            models.CheckConstraint(
                name="share_kind", condition=models.Q(kind__in=["join", "reward", "coupon", "page"])
            ),
        ]
        indexes = [models.Index(fields=["brand_id", "created_at"], name="share_by_brand")]


class ShareCode(models.Model):
    """Directory: whose link a code is. `code_hash` covers brand and code."""

    code_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    member_id = models.UUIDField()
    share_id = models.UUIDField()

    class Meta:
        db_table = "share_code"


class Visit(models.Model):
    """A visitor who opened a link on a business day; `member_id` is who shared it."""

    pk = models.CompositePrimaryKey("member_id", "share_id", "day", "visitor")
    member_id = models.UUIDField()
    share_id = models.UUIDField()
    day = models.DateField()
    visitor = models.UUIDField()
    brand_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "share_visit"
        indexes = [
            models.Index(fields=["brand_id", "visitor", "-at"], name="share_visit_by_visitor"),
            models.Index(fields=["brand_id", "day"], name="share_visit_by_day"),
        ]


class Touch(models.Model):
    """The last link of somebody else that a member opened or came by."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    sharer_id = models.UUIDField()
    share_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "share_touch"


class Credit(models.Model):
    """A sign-up or an order that a link brought; `member_id` is who signed up or bought. `net` follows refunds."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()  # the order's activity, or the member's own id
    brand_id = models.UUIDField()
    kind = models.TextField()  # join | order
    sharer_id = models.UUIDField()
    share_id = models.UUIDField()
    amount = models.BigIntegerField(default=0, db_default=0)
    net = models.BigIntegerField(default=0, db_default=0)
    at = models.DateTimeField()

    class Meta:
        db_table = "share_credit"
        constraints = [
            models.CheckConstraint(name="share_credit_kind", condition=models.Q(kind__in=["join", "order"]))
        ]
        indexes = [
            models.Index(fields=["brand_id", "share_id", "kind"], name="share_credit_by_share"),
            models.Index(fields=["brand_id", "-at"], name="share_credit_by_brand"),
        ]


class Mark(models.Model):
    """Directory: members seen with a phone number (`phone`) or on a device (`device`), kept after either changed."""

    pk = models.CompositePrimaryKey("mark_hash", "member_id")
    mark_hash = models.UUIDField()
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "referral_mark"
        constraints = [
            models.CheckConstraint(
                name="referral_mark_kind", condition=models.Q(kind__in=["phone", "device"])
            )
        ]
        indexes = [models.Index(fields=["member_id", "brand_id"], name="referral_mark_by_member")]


class Referral(models.Model):
    """That a member (`member_id`) came by another, and what became of it. One for a member and brand."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    recruiter_id = models.UUIDField()
    share_id = models.UUIDField(null=True)
    setting = models.IntegerField()
    state = models.TextField()
    reason = models.TextField(default="", db_default="")
    cleared = models.BooleanField(default=False, db_default=False)
    reviewed_by = models.TextField(default="", db_default="")
    note = models.TextField(default="", db_default="")
    joined_at = models.DateTimeField()
    order_id = models.UUIDField(null=True)
    order_amount = models.BigIntegerField(default=0, db_default=0)
    cost = models.BigIntegerField(default=0, db_default=0)  # of the rewards of both sides
    ordered_at = models.DateTimeField(null=True)
    window_ends_at = models.DateTimeField(null=True)
    next_run_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "referral"
        constraints = [
            models.CheckConstraint(
                name="referral_state",
                condition=models.Q(
                    state__in=["joined", "waiting", "qualified", "refused", "returned", "lapsed"]
                ),
            ),
            models.CheckConstraint(
                name="referral_not_herself", condition=~models.Q(member_id=models.F("recruiter_id"))
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "recruiter_id", "-joined_at"], name="referral_by_recruiter"),
            models.Index(fields=["brand_id", "-joined_at", "member_id"], name="referral_by_brand"),
            models.Index(fields=["brand_id", "state", "-joined_at"], name="referral_by_state"),
            models.Index(
                fields=["next_run_at"], name="referral_due", condition=models.Q(next_run_at__isnull=False)
            ),
        ]


class Attempt(models.Model):
    """Somebody tried a link that cannot count: a member already, her own, one that does not exist."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    recruiter_id = models.UUIDField(null=True)
    code = models.TextField(default="", db_default="")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "referral_attempt"
        indexes = [models.Index(fields=["brand_id", "-at", "id"], name="referral_attempt_by_brand")]


class Recruiter(models.Model):
    """One row for a recruiter: whoever qualifies a friend of hers holds it, so that caps are counted one by one."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    qualified = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "referral_recruiter"
        constraints = [
            models.CheckConstraint(name="referral_recruiter_count", condition=models.Q(qualified__gte=0))
        ]


class Account(models.Model):
    """A promoter (KOC) and where her commission stands; the sums of her entries, account by account."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    level = models.TextField()
    state = models.TextField()  # active | paused | ended
    tax_note = models.TextField(default="", db_default="")  # on her statements
    staff_note = models.TextField(default="", db_default="")  # never hers to see
    since = models.DateTimeField()
    seq = models.IntegerField(default=0, db_default=0)
    frozen = models.BigIntegerField(default=0, db_default=0)
    open = models.BigIntegerField(default=0, db_default=0)
    confirmed = models.BigIntegerField(default=0, db_default=0)
    paid = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "commission_account"
        constraints = [
            models.CheckConstraint(
                name="commission_account_state", condition=models.Q(state__in=["active", "paused", "ended"])
            ),
            # only what may be taken back after the window (`open`) can go below nothing, and is carried over
            models.CheckConstraint(
                name="commission_account_sums",
                condition=models.Q(frozen__gte=0, confirmed__gte=0, paid__gte=0),
            ),
        ]
        indexes = [models.Index(fields=["brand_id", "-since", "member_id"], name="commission_account_brand")]


class Commission(models.Model):
    """What a promoter earns by one order. `lines` hold the rate of each line as it was when the order came."""

    pk = models.CompositePrimaryKey("member_id", "order_id")
    member_id = models.UUIDField()
    order_id = models.UUIDField()
    brand_id = models.UUIDField()
    buyer_id = models.UUIDField()
    via = models.TextField()  # share | friend
    share_id = models.UUIDField(null=True)
    level = models.TextField()
    lines = models.JSONField()
    base = models.BigIntegerField()
    amount = models.BigIntegerField()
    state = models.TextField()  # frozen | open
    ordered_at = models.DateTimeField()
    thaws_at = models.DateTimeField()
    next_run_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "commission"
        constraints = [
            models.CheckConstraint(name="commission_state", condition=models.Q(state__in=["frozen", "open"])),
            models.CheckConstraint(name="commission_amount", condition=models.Q(amount__gte=0, base__gte=0)),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"], name="commission_due", condition=models.Q(next_run_at__isnull=False)
            ),
            models.Index(fields=["brand_id", "order_id"], name="commission_by_order"),
        ]


class Entry(models.Model):
    """Append-only: a movement into (or out of) one account of a promoter."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "seq")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    seq = models.IntegerField()
    account = models.TextField()  # frozen | open | confirmed | paid
    kind = models.TextField()  # earn | claw_back | thaw | adjust | confirm | pay
    amount = models.BigIntegerField()
    order_id = models.UUIDField(null=True)
    statement = models.TextField(default="", db_default="")
    note = models.TextField(default="", db_default="")
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "commission_entry"
        constraints = [
            models.CheckConstraint(
                name="commission_entry_account",
                condition=models.Q(account__in=["frozen", "open", "confirmed", "paid"]),
            ),
            models.CheckConstraint(
                name="commission_entry_kind",
                condition=models.Q(kind__in=["earn", "claw_back", "thaw", "adjust", "confirm", "pay"]),
            ),
        ]


class Statement(models.Model):
    """One month's settlement of a promoter. Covers her entries of `open` from `from_seq` to `to_seq`."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "month")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    month = models.TextField()
    state = models.TextField()  # draft | confirmed | paid
    from_seq = models.IntegerField()
    to_seq = models.IntegerField()
    opening = models.BigIntegerField()
    earned = models.BigIntegerField()
    clawed = models.BigIntegerField()
    adjusted = models.BigIntegerField()
    payout = models.BigIntegerField()
    carried = models.BigIntegerField()
    tax_note = models.TextField(default="", db_default="")
    made_by = models.TextField()
    made_by_id = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    confirmed_by = models.TextField(default="", db_default="")
    confirmed_at = models.DateTimeField(null=True)
    paid_by = models.TextField(default="", db_default="")
    paid_at = models.DateTimeField(null=True)
    reference = models.TextField(default="", db_default="")

    class Meta:
        db_table = "commission_statement"
        constraints = [
            models.CheckConstraint(
                name="commission_statement_state",
                condition=models.Q(state__in=["draft", "confirmed", "paid"]),
            ),
            models.CheckConstraint(name="commission_statement_payout", condition=models.Q(payout__gte=0)),
            models.CheckConstraint(
                name="commission_statement_sum",
                condition=models.Q(
                    payout=models.F("opening")
                    + models.F("earned")
                    + models.F("clawed")
                    + models.F("adjusted")
                    - models.F("carried")
                ),
            ),
        ]
        indexes = [models.Index(fields=["brand_id", "month", "member_id"], name="commission_statement_month")]
