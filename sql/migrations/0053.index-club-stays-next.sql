-- Stays in a club that time alone changes soon.
CREATE INDEX IF NOT EXISTS llx_loyalty_club_stays_next ON llx_loyalty_club_stays (next_at, thirdparty_id);
