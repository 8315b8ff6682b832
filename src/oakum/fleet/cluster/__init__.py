"""What runs in a Kubernetes cluster: its objects as they are, and the assets that they make up."""
