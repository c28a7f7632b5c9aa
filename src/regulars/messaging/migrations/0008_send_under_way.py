"""What a worker that died had under way is found without all that waits; built beside the running program."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messaging", "0007_send_waiting"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="send",
            index=models.Index(
                fields=["next_run_at"],
                name="send_under_way",
                condition=models.Q(("state", "sending")),
            ),
        ),
    ]
