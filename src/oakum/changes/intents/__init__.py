"""Intents: what somebody wants changed. Each kind is one module that says what it needs, disturbs and proves."""
