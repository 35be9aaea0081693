-- Where members stand in paid clubs, found from documents and acts, kept for lists and for what time ends.
CREATE TABLE IF NOT EXISTS llx_loyalty_club_stays (
    thirdparty_id BIGINT NOT NULL,
    club_id VARCHAR(64) NOT NULL,
    since VARCHAR(27) NOT NULL,
    grace_from VARCHAR(27) NOT NULL,
    until_at VARCHAR(27) NOT NULL,
    is_trial BIGINT NOT NULL,
    is_in BIGINT NOT NULL,
    next_at VARCHAR(27),
    PRIMARY KEY (thirdparty_id, club_id)
);
