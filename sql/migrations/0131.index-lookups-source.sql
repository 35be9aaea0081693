-- The failed attempts of one source, the latest first.
CREATE INDEX IF NOT EXISTS llx_loyalty_lookups_source ON llx_loyalty_lookups (source, failed, at);
