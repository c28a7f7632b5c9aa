from django.apps import AppConfig


class CouponsConfig(AppConfig):
    name = "regulars.value.coupons"
    label = "coupons"
    default_auto_field = "django.db.models.BigAutoField"
