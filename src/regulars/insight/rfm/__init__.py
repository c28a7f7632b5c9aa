"""Recency, frequency, money: scores, named groups, migration."""
