"""One pass over rows: blocks in, sums that add up out. Knows arrays only."""
