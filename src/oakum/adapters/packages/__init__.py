"""Package managers of hosts: what their channels offer, what can be put back, and what waits for a reboot."""
