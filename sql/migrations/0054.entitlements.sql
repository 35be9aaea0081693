-- The benefits members are entitled to by now, and those they had; found from tiers and clubs.
CREATE TABLE IF NOT EXISTS llx_loyalty_entitlements (
    thirdparty_id BIGINT NOT NULL,
    benefit_id VARCHAR(64) NOT NULL,
    source VARCHAR(190) NOT NULL,
    since VARCHAR(27) NOT NULL,
    until_at VARCHAR(27),
    is_held BIGINT NOT NULL,
    next_at VARCHAR(27),
    PRIMARY KEY (thirdparty_id, benefit_id)
);
