from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "regulars.value.bookings"
    label = "bookings"
    default_auto_field = "django.db.models.BigAutoField"
