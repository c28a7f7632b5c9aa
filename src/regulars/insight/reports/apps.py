from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "regulars.insight.reports"
    label = "reports"
