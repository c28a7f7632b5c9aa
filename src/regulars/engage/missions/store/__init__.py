"""Every query of missions and play."""
