"""The journeys: each reads, decides and commits; what it wants outside goes through the outbox."""
