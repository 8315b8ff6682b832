"""One person at a terminal: wires the core and the adapters together without a hub."""
