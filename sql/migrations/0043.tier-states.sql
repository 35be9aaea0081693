-- Where members stand, what they were told, and when time alone will change something.
CREATE TABLE IF NOT EXISTS llx_loyalty_tier_states (
    thirdparty_id BIGINT NOT NULL,
    group_id VARCHAR(64) NOT NULL,
    tier VARCHAR(64) NOT NULL,
    told_tier VARCHAR(64) NOT NULL,
    since_at VARCHAR(27) NOT NULL,
    until_at VARCHAR(27),
    next_at VARCHAR(27),
    steps BIGINT NOT NULL,
    CONSTRAINT llx_loyalty_tier_states_key PRIMARY KEY (thirdparty_id, group_id)
);
