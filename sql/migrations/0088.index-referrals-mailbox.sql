-- The referrals of a friend who was named by an address.
CREATE INDEX IF NOT EXISTS llx_loyalty_referrals_mailbox ON llx_loyalty_referrals (friend_key);
