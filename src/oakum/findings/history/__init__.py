"""What became of findings from scan to scan: first seen, reopened, closed and by what, or no longer assessable."""
