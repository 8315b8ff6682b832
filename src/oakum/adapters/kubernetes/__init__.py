"""A live Kubernetes cluster: how it is reached, what it serves, its objects in pages, and the dump of them."""
