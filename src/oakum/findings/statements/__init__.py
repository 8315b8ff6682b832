"""Which findings a statement concerns, and which of several statements holds.

``rule`` in ``ruling`` is the entry; ``scope`` says what a product of a statement stands for here.
"""
