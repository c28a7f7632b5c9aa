from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    name = "regulars.platform.organisations"
    label = "organisations"
