"""What of a source still waits is found without those that went; built beside the running program."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messaging", "0006_send_hold"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="send",
            index=models.Index(
                fields=["brand_id", "source", "reason", "id"],
                name="send_waiting",
                condition=models.Q(("state", "queued")),
            ),
        ),
    ]
