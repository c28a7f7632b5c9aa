from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("missions", "0001_initial")]

    operations = [
        migrations.AddField(model_name="badge", name="followed_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="badge", name="next_run_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="badge", name="problem", field=models.TextField(db_default="", default="")
        ),
    ]
