from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "regulars.platform.outbox"
    label = "outbox"

    def ready(self) -> None:
        from regulars.platform.outbox import tasks

        tasks.register()
