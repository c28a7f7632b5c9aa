"""Every query and lock of journeys."""
