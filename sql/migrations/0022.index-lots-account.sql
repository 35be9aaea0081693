-- The open lots of an account.
CREATE INDEX IF NOT EXISTS llx_loyalty_lots_account ON llx_loyalty_lots (account_id, remaining);
