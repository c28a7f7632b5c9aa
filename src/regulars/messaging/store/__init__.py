"""Every query of messaging."""
