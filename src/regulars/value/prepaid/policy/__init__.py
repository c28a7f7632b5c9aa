"""Pure decisions about prepaid value: terms, refunds, packages, cards, gifts, the law, what is owed."""
