from django.apps import AppConfig


class GiftsConfig(AppConfig):
    name = "regulars.value.gifts"
    label = "gifts"
    default_auto_field = "django.db.models.BigAutoField"
