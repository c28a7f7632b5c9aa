from django.apps import AppConfig


class LifecycleConfig(AppConfig):
    name = "regulars.insight.lifecycle"
    label = "lifecycle"
