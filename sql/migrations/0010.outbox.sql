-- Effects wanted outside; a row is claimed, carried out and marked done, and may be carried out again.
CREATE TABLE IF NOT EXISTS llx_loyalty_outbox (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    effect_key VARCHAR(180) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    thirdparty_id BIGINT,
    payload TEXT NOT NULL,
    status VARCHAR(16) NOT NULL,
    generation BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at VARCHAR(27) NOT NULL,
    claimed_until VARCHAR(27),
    worker VARCHAR(64),
    last_error TEXT,
    created_at VARCHAR(27) NOT NULL,
    done_at VARCHAR(27),
    CONSTRAINT llx_loyalty_outbox_key UNIQUE (effect_key)
);
