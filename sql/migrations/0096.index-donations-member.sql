-- Gifts of one member.
CREATE INDEX IF NOT EXISTS llx_loyalty_donations_member ON llx_loyalty_donations (thirdparty_id);
