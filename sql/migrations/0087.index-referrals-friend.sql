-- The referrals of a friend.
CREATE INDEX IF NOT EXISTS llx_loyalty_referrals_friend ON llx_loyalty_referrals (friend_id);
