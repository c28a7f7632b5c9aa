from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "regulars.insight.warehouse"
    label = "warehouse"
