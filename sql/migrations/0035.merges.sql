-- Third parties that were merged into another, and merges whose points were given back.
CREATE TABLE IF NOT EXISTS llx_loyalty_merges (
    gone_id BIGINT NOT NULL PRIMARY KEY,
    kept_id BIGINT NOT NULL,
    merged_at VARCHAR(27) NOT NULL,
    undone_at VARCHAR(27),
    restored_to BIGINT
);
