from django.apps import AppConfig


class PrepaidConfig(AppConfig):
    name = "regulars.value.prepaid"
    label = "prepaid"
