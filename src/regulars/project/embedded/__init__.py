"""The PostgreSQL that comes with the installation: found, tuned, started, shared and stopped."""
