from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "regulars.platform.staff"
    label = "staff"
