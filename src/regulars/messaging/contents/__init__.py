"""What operators write: templates in versions, their variables, what they come to for one member."""
