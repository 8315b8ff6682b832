"""Whether a VEX document is sound: CSAF 2.0 and 2.1 with their mandatory tests, OpenVEX 0.0.1 and 0.2.0.

``lint`` is the entry. ``structure`` compares a document with the ``shapes`` of its format; the rules look at what the
structure cannot say. Nothing here asks whether a document is true.
"""
