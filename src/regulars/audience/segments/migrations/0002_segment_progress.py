"""How far a list is that is made in the background, in percent."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="progress",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
    ]
