"""Pure decisions of referrals: settings, who may count, what is owed."""
