"""Pure values and decisions: no clock, no settings, no database, no network."""
