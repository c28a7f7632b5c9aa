"""The calendar of a brand: its own work days and rest days, and its own festivals beside those of China."""
