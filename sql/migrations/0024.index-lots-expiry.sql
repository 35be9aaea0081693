-- The lots that end next.
CREATE INDEX IF NOT EXISTS llx_loyalty_lots_expiry ON llx_loyalty_lots (expires_at, remaining);
