from django.apps import AppConfig


class CheckoutsConfig(AppConfig):
    name = "regulars.value.checkouts"
    label = "checkouts"
    default_auto_field = "django.db.models.BigAutoField"
