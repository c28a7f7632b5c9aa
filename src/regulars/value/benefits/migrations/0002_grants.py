import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("benefits", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BenefitGrant",
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
                ("benefit", models.TextField()),
                ("uses", models.IntegerField()),
                ("source", models.TextField()),
                ("reason", models.TextField(db_default="", default="")),
                ("actor", models.TextField(db_default="", default="")),
                ("granted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "benefit_grant",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("uses__gt", 0)), name="benefit_grant_uses")
                ],
            },
        ),
    ]
