"""Journeys: paths that members walk, step by step."""
