"""Every query of referrals, shares and commission."""
