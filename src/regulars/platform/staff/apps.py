from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "regulars.platform.staff"
    label = "staff"

    def ready(self) -> None:
        from regulars.platform.staff import tasks

        tasks.register()
