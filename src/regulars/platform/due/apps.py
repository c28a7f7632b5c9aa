from django.apps import AppConfig


class DueConfig(AppConfig):
    name = "regulars.platform.due"
    label = "due"
