"""Feeds: fetched from publishers, imported from files and bundles, kept with their history in a store."""
