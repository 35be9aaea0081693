-- The referrals a member made.
CREATE INDEX IF NOT EXISTS llx_loyalty_referrals_referrer ON llx_loyalty_referrals (referrer_id);
