"""Carrying out a plan: what is done, what is seen, what is written down, and what comes next."""
