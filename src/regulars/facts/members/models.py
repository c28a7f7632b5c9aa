"""Members, their place in each brand's programme, their identifiers and their personal data.

Everything member-scoped starts its primary key with `member_id`; what must be unique across members is claimed in
`IdentityKey`, a directory keyed by the hash of the identifier.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Member(models.Model):
    """One person of an organisation (OneID)."""

    member_id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "member"


class Membership(models.Model):
    """A member's place in one brand's programme, with the counters that decisions read.

    Counters are written by the posting flow under this row's lock. `progress` is the rest of her decision state
    (caps, streaks, tier standings) as `facts.members.states` encodes it. `tier` is her tier in the programme's
    first scheme; `due_at` is when the next tier judgement falls due.
    """

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    organisation_id = models.UUIDField()
    code = models.TextField()
    status = models.TextField(default="active", db_default="active")  # active | frozen | left
    language = models.TextField(default="zh", db_default="zh")
    joined_at = models.DateTimeField()
    channel = models.TextField(default="", db_default="")
    touchpoint = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    recruiter = models.TextField(default="", db_default="")
    tags = ArrayField(models.TextField(), default=list, db_default=[])
    attributes = models.JSONField(default=dict, db_default={})
    tier = models.TextField(default="", db_default="")
    due_at = models.DateTimeField(null=True)
    orders = models.IntegerField(default=0, db_default=0)
    spend = models.BigIntegerField(default=0, db_default=0)
    refunds = models.IntegerField(default=0, db_default=0)
    visits = models.IntegerField(default=0, db_default=0)
    first_order_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    waiting = models.IntegerField(default=0, db_default=0)
    progress = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "membership"
        # None may hold what an order changes (counters, the last order, progress), not even its month: updates that
        # touch no index cost PostgreSQL a third. Filters on the last order walk the brand's members instead.
        indexes = [
            models.Index(fields=["brand_id", "-joined_at", "member_id"], name="membership_joined"),
            models.Index(fields=["brand_id", "store_id", "-joined_at"], name="membership_store"),
            models.Index(fields=["brand_id", "channel", "-joined_at"], name="membership_channel"),
            models.Index(fields=["brand_id", "tier", "member_id"], name="membership_tier"),
            models.Index(fields=["due_at"], name="membership_due", condition=models.Q(due_at__isnull=False)),
            GinIndex(fields=["tags"], name="membership_tags"),
            # the few who are not active: what is asked of facts alone leaves them out without opening memberships
            models.Index(
                fields=["brand_id", "member_id"],
                name="membership_inactive",
                condition=models.Q(status__in=["frozen", "left"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="membership_status", condition=models.Q(status__in=["active", "frozen", "left"])
            ),
            models.CheckConstraint(name="membership_waiting", condition=models.Q(waiting__gte=0)),
        ]


class Profile(models.Model):
    """Personal data, each field encrypted on its own. Nothing else repeats it."""

    member_id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    name = models.BinaryField(null=True)
    gender = models.BinaryField(null=True)
    birthday = models.BinaryField(null=True)
    address = models.BinaryField(null=True)
    birthday_set_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "profile"


class IdentityKey(models.Model):
    """Directory: who holds an identifier. `key_hash` covers organisation, type and normalised value."""

    key_hash = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    member_id = models.UUIDField()
    type = models.TextField()

    class Meta:
        db_table = "identity_key"


class Identity(models.Model):
    """One identifier of a member. `value` is encrypted; `masked` is what people without the permission see."""

    pk = models.CompositePrimaryKey("member_id", "key_hash")
    member_id = models.UUIDField()
    key_hash = models.UUIDField()
    organisation_id = models.UUIDField()
    type = models.TextField()
    value = models.BinaryField()
    masked = models.TextField()
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "identity"


class SearchToken(models.Model):
    """Blind index: keyed hashes of name parts and phone tails, for finding a member without reading her."""

    member_id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    tokens = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "search_token"
        indexes = [GinIndex(fields=["tokens"], name="search_token_tokens")]


class Tag(models.Model):
    """A tag that staff may put on members of a brand. `tagged_by` on memberships is in the audit log."""

    pk = models.CompositePrimaryKey("brand_id", "code")
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    colour = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "tag"


class ProfileField(models.Model):
    """A custom field of a brand's members: typed, validated, in conditions `membership.attributes.<key>`."""

    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    type = models.TextField()  # int | decimal | text | enum | bool | date | set
    label_zh = models.TextField()
    label_en = models.TextField()
    choices = models.JSONField(default=list, db_default=[])
    rules = models.JSONField(default=dict, db_default={})
    in_portal = models.BooleanField(default=True, db_default=True)
    position = models.IntegerField(default=0, db_default=0)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "profile_field"


class Note(models.Model):
    """What staff wrote about a member."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    author_id = models.UUIDField(null=True)
    author = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "note"


class ProfilingOptOut(models.Model):
    """A member who does not want to be profiled by a brand: no scores, no recommendations, in no model."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    at = models.DateTimeField()
    actor = models.TextField()

    class Meta:
        db_table = "profiling_opt_out"
        indexes = [models.Index(fields=["brand_id", "member_id"], name="profiling_opt_out_brand")]
