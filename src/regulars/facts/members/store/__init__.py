"""Every query and lock on members."""
