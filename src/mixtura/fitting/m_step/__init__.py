"""From sums over rows to parameters: the M-step, what keeps it sound, and priors."""
