"""What journeys are, pure: reading definitions, time, walking, dry runs, ready-made ones."""
