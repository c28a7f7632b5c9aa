"""What the console's API takes and gives, by area. Texts in answers are in the caller's language."""
