"""Letting members in, waking them, stepping: each in the caller's transaction, a few statements for all of them."""
