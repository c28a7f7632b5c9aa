"""When a mission stood still: what stands still now does so since it was last changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("missions", "0005_board_fill"),
    ]

    operations = [
        migrations.AddField(
            model_name="mission",
            name="stops",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.RunSQL(
            """UPDATE mission SET stops = jsonb_build_array(jsonb_build_array(to_jsonb(updated_at), NULL))
                WHERE state IN ('paused', 'ended')""",
            migrations.RunSQL.noop,
        ),
    ]
