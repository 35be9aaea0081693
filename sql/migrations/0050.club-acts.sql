-- What people did about paid clubs: trials begun, memberships left; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_club_acts (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    thirdparty_id BIGINT NOT NULL,
    club_id VARCHAR(64) NOT NULL,
    act VARCHAR(16) NOT NULL,
    at VARCHAR(27) NOT NULL,
    who VARCHAR(120) NOT NULL,
    reason TEXT NOT NULL,
    refunds TEXT NOT NULL,
    act_key VARCHAR(180) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    CONSTRAINT llx_loyalty_club_acts_key UNIQUE (act_key)
);
