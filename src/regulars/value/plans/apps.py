from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "regulars.value.plans"
    label = "plans"
