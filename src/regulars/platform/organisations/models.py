"""Tables of tenants: organisation, brand, region, store. Small, read on every request, written seldom."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from regulars.kit.ids import new_id


class Organisation(models.Model):
    """One customer of the installation: the members (OneID), the staff and the brands belong to it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name_zh = models.TextField()
    name_en = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "organisation"


class Brand(models.Model):
    """A brand runs one programme; its currency and time zone rule the programme's money and calendar.

    `stores_version` changes with every write to the brand's regions and stores and tells caches in other
    processes that theirs is old. It is an id, not a counter, so that a rolled-back write cannot share its
    value with a later one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="brands")
    slug = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    currency = models.CharField(max_length=3)
    timezone = models.TextField()
    theme = models.JSONField(default=dict)
    words = models.JSONField(default=dict)
    logo_file_id = models.UUIDField(null=True)
    is_demo = models.BooleanField(default=False)
    consent_version = models.TextField(default="1")
    consent_zh = models.TextField(default="")
    consent_en = models.TextField(default="")
    stores_version = models.UUIDField(default=new_id)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "brand"
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="brand_slug_unique"),
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$"), name="brand_slug_form"
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="brand_currency_form"
            ),
        ]


class Region(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="regions")
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()

    class Meta:
        db_table = "region"
        constraints = [models.UniqueConstraint(fields=["brand", "code"], name="region_code_unique")]


class Store(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="stores")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="stores", null=True)
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    city = models.TextField(default="")
    is_open = models.BooleanField(default=True)
    tags = ArrayField(models.TextField(), default=list)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "store"
        constraints = [
            models.UniqueConstraint(fields=["brand", "code"], name="store_code_unique"),
            models.CheckConstraint(condition=~models.Q(code=""), name="store_code_given"),
        ]
