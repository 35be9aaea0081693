"""Dolibarr 16.0.3 to 23 through its REST API: client, reading, books, installer, checks."""
