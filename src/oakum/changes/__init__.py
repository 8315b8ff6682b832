"""Patching: what may be changed in which order, the steps that do it, and the reason where there is no safe way."""
