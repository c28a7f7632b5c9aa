from django.apps import AppConfig


class LanguageConfig(AppConfig):
    name = "regulars.insight.language"
    label = "language"
