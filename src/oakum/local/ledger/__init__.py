"""A ledger on one's own machine: one SQLite file, keys in files, exports as a folder or an archive."""
