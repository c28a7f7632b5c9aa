"""Requests that leave the house: to public addresses only, unless the operator allows a network."""
