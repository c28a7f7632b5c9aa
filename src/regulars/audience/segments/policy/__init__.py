"""Pure decisions of segments: what a condition leans on, set algebra, splits, likeness, the ready-made ones."""
