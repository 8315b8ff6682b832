"""What developers run: a package of its own, so that nobody else's of this name stands before it."""
