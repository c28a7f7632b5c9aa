from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "regulars.platform.files"
    label = "files"
