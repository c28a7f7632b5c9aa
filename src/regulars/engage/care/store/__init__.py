"""Every query of care."""
