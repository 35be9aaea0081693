-- Lines of imports that are no points: card numbers, tiers, birthdays; each key is carried out once.
CREATE TABLE IF NOT EXISTS llx_loyalty_import_lines (
    line_key VARCHAR(160) NOT NULL PRIMARY KEY,
    import_id VARCHAR(36) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    content TEXT NOT NULL,
    input_hash VARCHAR(64) NOT NULL
);
