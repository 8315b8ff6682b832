"""Container images that lie on disk: OCI layouts and docker archives as a ``Tree``, without unpacking anything.

A layer is read once to verify it and to index its entries; the content of a file is read from the layer again when a
reader asks for it. Sources: OCI image specification 1.1; Docker image specification 1.2 (``manifest.json``).
"""
