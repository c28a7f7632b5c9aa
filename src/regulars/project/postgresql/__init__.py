"""Django's PostgreSQL backend with a faster reader of instants."""
