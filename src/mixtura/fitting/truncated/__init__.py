"""Truncated EM: each row keeps its few likeliest components, and finds better ones nearby."""
