from django.apps import AppConfig


class HoldoutsConfig(AppConfig):
    name = "regulars.audience.holdouts"
    label = "holdouts"
    default_auto_field = "django.db.models.BigAutoField"
