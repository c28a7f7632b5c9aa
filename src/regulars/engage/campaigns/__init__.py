"""Campaigns: one offer to an audience, and what it brought against those who did not get it."""
