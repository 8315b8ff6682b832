"""Feeds on this machine: files and archives that are imported, and the store that keeps their facts with history."""
