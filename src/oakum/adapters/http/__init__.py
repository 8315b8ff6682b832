"""What every way over HTTP needs, whomever it leads to: how long to wait, and when to wait no longer."""
