from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "regulars.value.budgets"
    label = "budgets"
    default_auto_field = "django.db.models.BigAutoField"
