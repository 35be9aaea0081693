-- What a member did about clubs.
CREATE INDEX IF NOT EXISTS llx_loyalty_club_acts_member ON llx_loyalty_club_acts (thirdparty_id, id);
