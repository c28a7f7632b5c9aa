"""Groups of members by any condition: static, refreshed or live."""
