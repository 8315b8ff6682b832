"""Light remediations: what closes a hole on a host without a new version, with its check, proof and way back."""
