"""Referrals, shares and commission."""
