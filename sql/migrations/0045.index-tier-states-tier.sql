-- The members of a tier.
CREATE INDEX IF NOT EXISTS llx_loyalty_tier_states_tier ON llx_loyalty_tier_states (group_id, tier, thirdparty_id);
