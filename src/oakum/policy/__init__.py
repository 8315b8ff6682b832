"""Governance as code: a folder of YAML and iCalendar files becomes one frozen policy that answers the planner."""
