"""What runs: assets, package sets and business context, and the readers that find them."""
