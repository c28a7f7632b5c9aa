"""Missions and play as other rooms see them."""
