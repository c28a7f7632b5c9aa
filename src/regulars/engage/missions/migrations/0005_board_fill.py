"""Boards that are still to be filled are found by themselves; the index is built beside the writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("missions", "0004_boards_filled_from_their_period"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="board",
            index=models.Index(
                condition=models.Q(("fill_at__isnull", False)), fields=["fill_at"], name="board_fill"
            ),
        ),
    ]
