"""What a member buys again, and what she has not discovered yet."""
