from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_channel_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="SendHold",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "brand_id", "source", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("brand_id", models.UUIDField()),
                ("source", models.TextField()),
                ("held_at", models.DateTimeField(null=True)),
                ("held_by", models.TextField(db_default="", default="")),
                ("cancel_before", models.DateTimeField(null=True)),
                ("look_at", models.DateTimeField()),
            ],
            options={
                "db_table": "send_hold",
            },
        ),
    ]
