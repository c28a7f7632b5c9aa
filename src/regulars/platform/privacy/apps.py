from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "regulars.platform.privacy"
    label = "privacy"
