from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "regulars.platform.payments"
    label = "payments"
