-- Gifts of one cause, for what is owed to it.
CREATE INDEX IF NOT EXISTS llx_loyalty_donations_charity ON llx_loyalty_donations (charity_id, given_at);
