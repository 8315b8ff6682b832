"""What is known: feed parsers, vendor states, alias assertions, the index, and reads as of a day."""
