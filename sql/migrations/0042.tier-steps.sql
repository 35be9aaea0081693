-- What became of members in tiers, only ever inserted: a row takes the place of all noted before from its place on.
CREATE TABLE IF NOT EXISTS llx_loyalty_tier_steps (
    thirdparty_id BIGINT NOT NULL,
    group_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    place BIGINT NOT NULL,
    tier VARCHAR(64) NOT NULL,
    why VARCHAR(16) NOT NULL,
    happened_at VARCHAR(27) NOT NULL,
    until_at VARCHAR(27),
    qualifying BIGINT NOT NULL,
    before_reset BIGINT NOT NULL,
    noted_at VARCHAR(27) NOT NULL,
    CONSTRAINT llx_loyalty_tier_steps_key PRIMARY KEY (thirdparty_id, group_id, seq)
);
