-- Tiers that persons set, and (an empty tier) took back again; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_tier_acts (
    id VARCHAR(40) NOT NULL PRIMARY KEY,
    thirdparty_id BIGINT NOT NULL,
    group_id VARCHAR(64) NOT NULL,
    tier VARCHAR(64) NOT NULL,
    acted_at VARCHAR(27) NOT NULL,
    until_at VARCHAR(27),
    reason VARCHAR(500) NOT NULL,
    who VARCHAR(120) NOT NULL,
    request_key VARCHAR(120) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    CONSTRAINT llx_loyalty_tier_acts_key UNIQUE (request_key)
);
