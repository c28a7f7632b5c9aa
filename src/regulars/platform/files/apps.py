from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "regulars.platform.files"
    label = "files"

    def ready(self) -> None:
        from regulars.platform.files import tasks

        tasks.register()
