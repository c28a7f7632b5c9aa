"""Figures that judge models and campaigns; pure functions of arrays."""
