from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="account", name="staff_note", field=models.TextField(db_default="", default="")
        ),
    ]
