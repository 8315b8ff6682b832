"""The command line: the door for one person at a terminal. It parses, calls, prints; it decides nothing."""
