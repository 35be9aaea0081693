-- What moved in a month, answered from the index alone.
CREATE INDEX IF NOT EXISTS llx_loyalty_entries_sums ON llx_loyalty_entries (booked_at, kind, points, account_id);
