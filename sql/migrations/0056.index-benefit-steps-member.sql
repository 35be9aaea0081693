-- What happened to a member's benefits.
CREATE INDEX IF NOT EXISTS llx_loyalty_benefit_steps_member ON llx_loyalty_benefit_steps (thirdparty_id, id);
