"""Decisions of campaigns. Pure."""
