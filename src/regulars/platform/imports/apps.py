from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "regulars.platform.imports"
    label = "imports"
