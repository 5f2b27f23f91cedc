"""What a service costs: the question, the plan's figures, the sum. Pure functions."""
