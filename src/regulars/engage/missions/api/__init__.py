"""The door of missions and play: `missions`, `play` (check-ins, badges, boards) and `draws`."""
