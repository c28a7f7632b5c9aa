"""Tables of staff: people who sign in to the console, their roles and where these hold."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from regulars.kit.ids import new_id


class StaffManager(BaseUserManager["Staff"]):
    def get_by_natural_key(self, username: str | None) -> Staff:
        return self.get(email=(username or "").strip().lower())


class Staff(AbstractBaseUser):
    """One person of an organisation's staff. `session_nonce` changes when her sessions must end."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey("organisations.Organisation", on_delete=models.PROTECT, related_name="+")
    email = models.TextField()
    name = models.TextField()
    language = models.CharField(max_length=2, default="zh")
    is_active = models.BooleanField(default=True)
    session_nonce = models.UUIDField(default=new_id)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = StaffManager()

    class Meta:
        db_table = "staff"
        constraints = [
            models.UniqueConstraint(fields=["email"], name="staff_email_unique"),
            models.CheckConstraint(condition=models.Q(language__in=["zh", "en"]), name="staff_language"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="staff_email_lower_case"),
        ]
        indexes = [models.Index(fields=["organisation", "id"], name="staff_by_organisation")]

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Django ends every session whose hash is not this one: a new password or nonce ends them all."""
        value = f"{self.password}\x1f{self.session_nonce}"
        return salted_hmac("regulars.staff.session", value, secret=secret, algorithm="sha256").hexdigest()


class Role(models.Model):
    """A named set of permissions of one organisation; the built-in ones are made with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey("organisations.Organisation", on_delete=models.PROTECT, related_name="+")
    key = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    permissions = ArrayField(models.TextField())
    is_builtin = models.BooleanField(default=False)

    class Meta:
        db_table = "role"
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="role_key_unique")]


class Assignment(models.Model):
    """A role held by someone in all brands (brand empty), one brand, one of its regions, or one of its stores."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="assignments")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="assignments")
    brand = models.ForeignKey("organisations.Brand", on_delete=models.PROTECT, null=True, related_name="+")
    region = models.ForeignKey("organisations.Region", on_delete=models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey("organisations.Store", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "assignment"
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role", "brand", "region", "store"],
                name="assignment_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(region=None, store=None)
                | models.Q(brand__isnull=False, store=None)
                | models.Q(brand__isnull=False, region=None),
                name="assignment_place",
            ),
        ]


class SignInThrottle(models.Model):
    """Counted attempts to sign in, per account (known or not) and per address; keys are hashes."""

    key = models.BinaryField(primary_key=True, max_length=32)
    attempts = models.IntegerField()
    since = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "sign_in_throttle"
        constraints = [
            models.CheckConstraint(condition=models.Q(attempts__gte=0), name="sign_in_attempts_counted")
        ]
        indexes = [models.Index(fields=["since"], name="sign_in_throttle_by_age")]
