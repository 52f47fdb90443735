"""Bayesian mixtures: distributions over the parameters, and a bound on the evidence that is one."""
