"""From when a board counts and how far it is filled."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("missions", "0003_badge_once_by_condition"),
    ]

    operations = [
        migrations.AddField(
            model_name="board",
            name="counts_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="board",
            name="fill_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="board",
            name="filled_after",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="board",
            name="filled_to",
            field=models.DateTimeField(null=True),
        ),
    ]
