"""What a member will be worth: BG/NBD with Gamma-Gamma, and a learned model."""
