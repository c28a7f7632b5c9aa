from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "regulars.platform.audit"
    label = "audit"
