"""Where a member stands in her life with the brand, and how far her word reaches."""
