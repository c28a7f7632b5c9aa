"""Engaging members: what is done with whom, when, and what came of it."""
