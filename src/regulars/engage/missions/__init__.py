"""Missions and play: steps, check-ins, badges, leaderboards, draws."""
