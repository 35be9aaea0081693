-- Who recommended us to whom; what came of it stands in the steps.
CREATE TABLE IF NOT EXISTS llx_loyalty_referrals (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    source_key VARCHAR(64) NOT NULL,
    source_id VARCHAR(190) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    referrer_id BIGINT NOT NULL,
    friend_id BIGINT,
    friend_email VARCHAR(255) NOT NULL,
    friend_key VARCHAR(255) NOT NULL,
    referred_at VARCHAR(27) NOT NULL,
    valid_until VARCHAR(27) NOT NULL,
    CONSTRAINT llx_loyalty_referrals_source UNIQUE (source_key)
);
