from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "regulars.platform.apikeys"
    label = "apikeys"
    default_auto_field = "django.db.models.BigAutoField"
