from django.apps import AppConfig


class MemberFactsConfig(AppConfig):
    name = "regulars.audience.member_facts"
    label = "member_facts"
    default_auto_field = "django.db.models.BigAutoField"
