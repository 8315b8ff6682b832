"""What people and vendors state about vulnerabilities in products (VEX): OpenVEX, CSAF and CycloneDX in one form.

``reading.read`` is the entry. A statement says nothing about this fleet: which findings it concerns is decided by
``oakum.findings.statements``.
"""
