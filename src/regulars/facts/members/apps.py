from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "regulars.facts.members"
    label = "members"
    default_auto_field = "django.db.models.BigAutoField"
