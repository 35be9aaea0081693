-- What is left in lots and when it ends, answered from the index alone.
CREATE INDEX IF NOT EXISTS llx_loyalty_lots_rest ON llx_loyalty_lots (remaining, expires_at, account_id);
