-- Members for whom something has come due.
CREATE INDEX IF NOT EXISTS llx_loyalty_tier_states_next ON llx_loyalty_tier_states (next_at, thirdparty_id);
