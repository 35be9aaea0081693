-- Gifts of one year by member, for the yearly statements.
CREATE INDEX IF NOT EXISTS llx_loyalty_donations_year ON llx_loyalty_donations (given_year, thirdparty_id);
