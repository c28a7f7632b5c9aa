from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "regulars.platform.outbox"
    label = "outbox"
