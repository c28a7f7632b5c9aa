from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "regulars.platform.webhooks"
    label = "webhooks"
