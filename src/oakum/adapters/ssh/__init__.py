"""Hosts by SSH: connections with pinned keys, one fixed program on the host, and the twin of the simulated host."""
