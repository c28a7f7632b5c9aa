import django.contrib.postgres.indexes
import django.db.models.functions.datetime
from django.db import migrations, models

from regulars.kit import clock, partitions


def partition(apps, schema_editor):
    """Ids carry the recorded month, so the table is partitioned by ranges of them."""
    with schema_editor.connection.cursor() as cursor:
        partitions.convert(cursor, "activity", clock.now())


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ActivityKey",
            fields=[
                ("key_hash", models.UUIDField(primary_key=True, serialize=False)),
                ("brand_id", models.UUIDField()),
                ("member_id", models.UUIDField()),
                ("activity_id", models.UUIDField()),
                ("body_hash", models.UUIDField()),
            ],
            options={
                "db_table": "activity_key",
            },
        ),
        migrations.CreateModel(
            name="ActivityType",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "brand_id", "code", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("brand_id", models.UUIDField()),
                ("code", models.TextField()),
                ("name_zh", models.TextField()),
                ("name_en", models.TextField()),
                ("fields", models.JSONField(db_default=[], default=list)),
                ("archived_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "activity_type",
            },
        ),
        migrations.CreateModel(
            name="OrderState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id",
                        "order_key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("member_id", models.UUIDField()),
                ("order_key", models.UUIDField()),
                ("brand_id", models.UUIDField()),
                ("state", models.JSONField()),
            ],
            options={
                "db_table": "order_state",
            },
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("member_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("brand_id", models.UUIDField()),
                ("type", models.TextField()),
                ("status", models.TextField(db_default="applied", default="applied")),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("source", models.TextField()),
                ("channel", models.TextField(db_default="", default="")),
                ("store_id", models.UUIDField(null=True)),
                ("subject", models.TextField(db_default="", default="")),
                ("amount", models.BigIntegerField(db_default=0, default=0)),
                ("version", models.IntegerField(db_default=0, default=0)),
                ("actor", models.TextField(db_default="", default="")),
                ("body", models.JSONField()),
                ("receipt", models.TextField()),
            ],
            options={
                "db_table": "activity",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["recorded_at", "occurred_at"], name="activity_instants"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Redecision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("member_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("brand_id", models.UUIDField()),
                ("activity_id", models.UUIDField()),
                ("cause_id", models.UUIDField()),
                ("version", models.IntegerField()),
                ("receipt", models.TextField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "redecision",
                "indexes": [models.Index(fields=["member_id", "activity_id"], name="redecision_activity")],
            },
        ),
        migrations.RunPython(partition, migrations.RunPython.noop),
    ]
