-- The lots of one purchase.
CREATE INDEX IF NOT EXISTS llx_loyalty_lots_cause ON llx_loyalty_lots (cause_kind, cause_id);
