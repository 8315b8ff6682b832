"""Measured exposure of a cluster's workloads and nodes, what a node's loss would touch, and what would lessen both."""
