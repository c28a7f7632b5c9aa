"""What a brand's calendar says beside the public one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CalendarDay(models.Model):
    """A day that the brand works, or does not, whatever the public calendar says."""

    pk = models.CompositePrimaryKey("brand_id", "day")
    brand_id = models.UUIDField()
    day = models.DateField()
    works = models.BooleanField()
    name_zh = models.TextField(default="", db_default="")
    name_en = models.TextField(default="", db_default="")

    class Meta:
        db_table = "calendar_day"


class CalendarFestival(models.Model):
    """A festival of the brand's own, kept every year by the solar or the lunar calendar, or once in `year`."""

    pk = models.CompositePrimaryKey("brand_id", "code")
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    reckoning = models.TextField()  # solar | lunar
    month = models.SmallIntegerField()
    day = models.SmallIntegerField()
    year = models.SmallIntegerField(null=True)

    class Meta:
        db_table = "calendar_festival"
        constraints = [
            models.CheckConstraint(
                name="calendar_festival_reckoning", condition=Q(reckoning__in=["solar", "lunar"])
            ),
            models.CheckConstraint(
                name="calendar_festival_day", condition=Q(month__range=(1, 12), day__range=(1, 31))
            ),
        ]
