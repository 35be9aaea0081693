-- Who looks codes up; the row is held while an attempt is counted, so that two at once are both counted.
CREATE TABLE IF NOT EXISTS llx_loyalty_lookup_sources (
    source VARCHAR(80) NOT NULL PRIMARY KEY,
    attempts BIGINT NOT NULL,
    last_at VARCHAR(27) NOT NULL
);
