"""What a row is, where rows are, and what they are like together."""
