"""Holdouts: who is kept out of what, so that what is done can be measured."""
