"""What was learned when, of which data, how well: the record of every run of every model."""
