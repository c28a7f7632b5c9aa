"""Who will stay away, who will buy: calibrated probabilities with reasons."""
