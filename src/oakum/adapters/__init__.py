"""The real world behind the ports of the core: files, feeds, clusters, hosts. An adapter decides nothing."""
