-- What members did other than buying, one row for each id of a source; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_activities (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    source_key VARCHAR(64) NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    kind VARCHAR(64) NOT NULL,
    source VARCHAR(64) NOT NULL,
    source_id VARCHAR(190) NOT NULL,
    occurred_at VARCHAR(27) NOT NULL,
    counts_on VARCHAR(10) NOT NULL,
    evidence TEXT NOT NULL,
    points BIGINT NOT NULL,
    unit VARCHAR(64) NOT NULL,
    why VARCHAR(64) NOT NULL,
    recorded_at VARCHAR(27) NOT NULL,
    who VARCHAR(80) NOT NULL,
    input_hash VARCHAR(64) NOT NULL,
    CONSTRAINT llx_loyalty_activities_source UNIQUE (source_key)
);
