-- The entries of a period.
CREATE INDEX IF NOT EXISTS llx_loyalty_entries_time ON llx_loyalty_entries (booked_at);
