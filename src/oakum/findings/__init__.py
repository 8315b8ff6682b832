"""Fleet times advisories: what is affected, by what, how far the fix has come, and what cannot be said."""
