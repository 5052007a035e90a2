"""What people and programs read: lines for a terminal or a pipe, and JSON shapes."""
