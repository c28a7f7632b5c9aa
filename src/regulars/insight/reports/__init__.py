"""Cohorts, intervals, drift, funnels, return: figures of a period, from the warehouse."""
