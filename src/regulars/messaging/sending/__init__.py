"""Sending what was asked for: taken in batches, decided, put into words, handed to channels, written down."""
