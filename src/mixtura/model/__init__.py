"""What a fitted mixture is, and what it can answer."""
