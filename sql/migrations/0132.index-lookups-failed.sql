-- The failed attempts of all who are no staff, the latest first.
CREATE INDEX IF NOT EXISTS llx_loyalty_lookups_failed ON llx_loyalty_lookups (failed, is_staff, at);
