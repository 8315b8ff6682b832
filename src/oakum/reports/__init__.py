"""What people and programs read: one answer, written in several forms."""
