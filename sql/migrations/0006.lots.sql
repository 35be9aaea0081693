-- Points that came in together, what is left of them and what lapsed.
CREATE TABLE IF NOT EXISTS llx_loyalty_lots (
    id VARCHAR(80) NOT NULL PRIMARY KEY,
    account_id VARCHAR(64) NOT NULL,
    cause_kind VARCHAR(32) NOT NULL,
    cause_id VARCHAR(80) NOT NULL,
    points BIGINT NOT NULL,
    remaining BIGINT NOT NULL,
    lapsed BIGINT NOT NULL,
    opened_at VARCHAR(27) NOT NULL,
    available_at VARCHAR(27) NOT NULL,
    expires_at VARCHAR(27),
    CONSTRAINT llx_loyalty_lots_entry FOREIGN KEY (id) REFERENCES llx_loyalty_entries (id)
);
