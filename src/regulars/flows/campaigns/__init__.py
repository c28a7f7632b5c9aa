"""Campaigns at work: the audience from segments, the offer by messages and rewards, the budget, and what came of it."""
