"""What is recommended to whom, what goes together, and the products as order lines name them."""

from __future__ import annotations

from django.db import models


class Recommendation(models.Model):
    """A member's lists, the best first. No row while profiling is off.

    Entries are arrays, for there are many. `buy_again` and `due`: product, probability, how often (days), last day
    (days since 1970), interval (days). `discover`: product, score, the product that speaks for it or null.
    """

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    as_of = models.DateTimeField()
    buy_again = models.JSONField(default=list)
    discover = models.JSONField(default=list)
    due = models.JSONField(default=list)

    class Meta:
        db_table = "recommendation"
        indexes = [models.Index(fields=["brand_id", "as_of"], name="recommendation_brand")]


class RecommendProduct(models.Model):
    """A product as the newest order line names it; `price` of one piece, in minor units."""

    pk = models.CompositePrimaryKey("brand_id", "sku")
    brand_id = models.UUIDField()
    sku = models.TextField()
    name = models.TextField(default="")
    category = models.TextField(default="")
    department = models.TextField(default="")
    price = models.BigIntegerField(null=True)
    last_sold = models.DateField()
    buyers = models.IntegerField(default=0)

    class Meta:
        db_table = "recommend_product"


class AlsoBought(models.Model):
    """Whoever bought `sku` on a day bought `other` `lift` times as often as others did."""

    pk = models.CompositePrimaryKey("brand_id", "sku", "rank")
    brand_id = models.UUIDField()
    sku = models.TextField()
    rank = models.SmallIntegerField()
    other = models.TextField()
    together = models.IntegerField()
    lift = models.DecimalField(max_digits=10, decimal_places=2)
    share = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        db_table = "also_bought"
