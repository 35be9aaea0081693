-- The tiers set by hand of one member.
CREATE INDEX IF NOT EXISTS llx_loyalty_tier_acts_member ON llx_loyalty_tier_acts (thirdparty_id);
