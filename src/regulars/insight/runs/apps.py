from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "regulars.insight.runs"
    label = "runs"
