-- Entitlements that time alone changes soon.
CREATE INDEX IF NOT EXISTS llx_loyalty_entitlements_next ON llx_loyalty_entitlements (next_at, thirdparty_id);
