"""Inventories of others, read as lists of hosts: Ansible's in INI and in YAML, and tables in CSV."""
