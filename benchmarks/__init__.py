"""Measurements on real data: ``make bench`` for Oakum alone, ``make bench-peers`` beside other scanners."""
