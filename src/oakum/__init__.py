"""Oakum: patch management and vulnerability response for container hosts and Kubernetes cluster components."""

__version__ = "0.1.0"
