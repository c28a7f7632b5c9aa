"""Codes, sessions of members, and counted attempts. None can be turned back into a code or an address."""

from __future__ import annotations

from django.db import models


class OneTimeCode(models.Model):
    """The newest code sent to an address of a brand. Once it was given back rightly, `ticket` (a digest)
    stands for the proof until it is used."""

    pk = models.CompositePrimaryKey("address_hash", "brand_id", "purpose")
    address_hash = models.UUIDField()
    brand_id = models.UUIDField()
    purpose = models.TextField()
    owner_id = models.UUIDField(null=True)
    code_hash = models.UUIDField()
    tries = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ticket = models.BinaryField(null=True, max_length=32)

    class Meta:
        db_table = "one_time_code"
        indexes = [models.Index(fields=["expires_at"], name="one_time_code_age")]
        constraints = [
            models.CheckConstraint(
                name="one_time_code_purpose", condition=models.Q(purpose__in=["sign_in", "add_identity"])
            )
        ]


class MemberSession(models.Model):
    """A browser in which a member is signed in to one brand; `digest` is that of the cookie's secret."""

    pk = models.CompositePrimaryKey("member_id", "digest")
    member_id = models.UUIDField()
    digest = models.BinaryField(max_length=32)
    brand_id = models.UUIDField()
    organisation_id = models.UUIDField()
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "member_session"
        indexes = [models.Index(fields=["expires_at"], name="member_session_age")]


class Attempts(models.Model):
    """How often something limited was done since when; `key` hashes the limit's name and whom it is for."""

    key = models.UUIDField(primary_key=True)
    times = models.IntegerField()
    since = models.DateTimeField()

    class Meta:
        db_table = "member_sign_in_attempts"
        indexes = [models.Index(fields=["since"], name="member_sign_in_attempts_age")]
