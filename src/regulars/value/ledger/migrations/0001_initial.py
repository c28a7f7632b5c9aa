import django.contrib.postgres.indexes
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

from regulars.kit import clock, partitions


def partition(apps, schema_editor):
    """Ids carry the recorded month, so the table is partitioned by ranges of them."""
    with schema_editor.connection.cursor() as cursor:
        partitions.convert(cursor, "entry", clock.now())


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Adjustment",
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
                ("unit", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("comment", models.TextField(db_default="", default="")),
                ("state", models.TextField()),
                ("asked_by", models.UUIDField(null=True)),
                ("asked_by_label", models.TextField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_by_label", models.TextField(db_default="", default="")),
                ("activity_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "adjustment",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["brand_id", "-created_at"],
                        name="adjustment_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "posted", "rejected"])),
                        name="adjustment_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="adjustment_amount"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id",
                        "brand_id",
                        "unit",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("member_id", models.UUIDField()),
                ("brand_id", models.UUIDField()),
                ("unit", models.TextField()),
                ("available", models.BigIntegerField(db_default=0, default=0)),
                ("pending", models.BigIntegerField(db_default=0, default=0)),
                ("held", models.BigIntegerField(db_default=0, default=0)),
                ("debt", models.BigIntegerField(db_default=0, default=0)),
                ("next_expiry_at", models.DateTimeField(null=True)),
                ("next_active_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "balance",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_expiry_at__isnull", False)),
                        fields=["next_expiry_at"],
                        name="balance_expiry",
                    ),
                    models.Index(
                        condition=models.Q(("next_active_at__isnull", False)),
                        fields=["next_active_at"],
                        name="balance_active",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("available__gte", 0), ("pending__gte", 0), ("held__gte", 0), ("debt__gte", 0)
                        ),
                        name="balance_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
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
                ("unit", models.TextField()),
                ("kind", models.TextField()),
                ("account", models.TextField()),
                ("contra", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("balance_after", models.BigIntegerField()),
                ("lot_id", models.UUIDField(null=True)),
                ("activity_id", models.UUIDField(null=True)),
                ("rule", models.TextField(db_default="", default="")),
                ("version", models.IntegerField(db_default=0, default=0)),
                ("reverses", models.UUIDField(null=True)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "entry",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["recorded_at", "occurred_at"], name="entry_instants"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
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
                ("unit", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("state", models.TextField(db_default="held", default="held")),
                ("parts", models.JSONField()),
                ("subject", models.TextField(db_default="", default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "hold",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "held")), fields=["expires_at"], name="hold_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="hold_amount"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["held", "captured", "released"])), name="hold_state"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lot",
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
                ("unit", models.TextField()),
                ("state", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("remaining", models.BigIntegerField()),
                ("held", models.BigIntegerField(db_default=0, default=0)),
                ("expired", models.BigIntegerField(db_default=0, default=0)),
                ("clawed", models.BigIntegerField(db_default=0, default=0)),
                ("activity_id", models.UUIDField(null=True)),
                ("rule", models.TextField(db_default="", default="")),
                ("earned_at", models.DateTimeField()),
                ("active_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "lot",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(fields=["expires_at"], name="lot_expiry")
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("remaining__gte", 0)), name="lot_remaining"),
                    models.CheckConstraint(
                        condition=models.Q(("held__gte", 0), ("expired__gte", 0), ("clawed__gte", 0)),
                        name="lot_held",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "amount__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("remaining"), "+", models.F("held")
                                        ),
                                        "+",
                                        models.F("expired"),
                                    ),
                                    "+",
                                    models.F("clawed"),
                                ),
                            )
                        ),
                        name="lot_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "pending", "closed"])), name="lot_state"
                    ),
                ],
            },
        ),
        migrations.RunPython(partition, migrations.RunPython.noop),
        # room on each page for the next state of its rows, so that most updates stay on it and touch no index
        migrations.RunSQL("ALTER TABLE balance SET (fillfactor = 80)", migrations.RunSQL.noop),
    ]
