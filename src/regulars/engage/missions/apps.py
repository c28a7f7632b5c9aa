from django.apps import AppConfig


class MissionsConfig(AppConfig):
    name = "regulars.engage.missions"
    label = "missions"
    default_auto_field = "django.db.models.BigAutoField"
