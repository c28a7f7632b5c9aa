"""Webhooks: what happened, told to systems of the brand's own; signed, retried for days, kept in a log."""
