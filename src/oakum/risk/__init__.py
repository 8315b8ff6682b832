"""What matters: decision tables, CVSS, exposure score, and the actions that close the most risk first."""
