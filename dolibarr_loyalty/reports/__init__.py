"""Questions to the ledger; every answer is computed from entries and reads nothing outside."""
