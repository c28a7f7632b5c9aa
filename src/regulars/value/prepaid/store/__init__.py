"""Every query of prepaid value."""
