from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "regulars.platform.apikeys"
    label = "apikeys"
