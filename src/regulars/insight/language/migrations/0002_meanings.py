"""What the newest texts mean, as a vector, where the extra is installed: a column that is empty at first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("language", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="textinsight",
            name="vector",
            field=models.BinaryField(null=True),
        ),
    ]
