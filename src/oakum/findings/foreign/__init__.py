"""Reports of other scanners beside our own answer: what they claim is read, compared and explained, never trusted."""
