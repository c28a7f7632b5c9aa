"""A member's badge by its condition is there once as long as it is hers; the index is built beside the writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("missions", "0002_badges_by_condition")]

    operations = [
        AddIndexConcurrently(
            model_name="badge",
            index=models.Index(
                condition=models.Q(("next_run_at__isnull", False)), fields=["next_run_at"], name="badge_due"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "DROP INDEX CONCURRENTLY IF EXISTS badge_grant_condition",
                        "CREATE UNIQUE INDEX CONCURRENTLY badge_grant_condition"
                        " ON badge_grant (member_id, brand_id, badge)"
                        " WHERE source = 'condition' AND revoked_at IS NULL",
                    ],
                    "DROP INDEX CONCURRENTLY IF EXISTS badge_grant_condition",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="badgegrant",
                    constraint=models.UniqueConstraint(
                        fields=["member_id", "brand_id", "badge"],
                        name="badge_grant_condition",
                        condition=models.Q(source="condition", revoked_at__isnull=True),
                    ),
                )
            ],
        ),
    ]
