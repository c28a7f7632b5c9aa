from django.apps import AppConfig


class TiersConfig(AppConfig):
    name = "regulars.value.tiers"
    label = "tiers"
    default_auto_field = "django.db.models.BigAutoField"
