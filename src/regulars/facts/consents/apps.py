from django.apps import AppConfig


class ConsentsConfig(AppConfig):
    name = "regulars.facts.consents"
    label = "consents"
