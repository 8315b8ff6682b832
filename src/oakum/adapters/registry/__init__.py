"""Images in registries: their blobs by digest, asked for over the API that all registries speak.

Sources: OCI distribution specification 1.1 (pull), Docker's registry token authentication, RFC 9110 (challenges,
ranges, Retry-After), and the configuration of Docker's command line for credentials.
"""
