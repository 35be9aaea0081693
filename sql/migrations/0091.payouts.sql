-- What is paid to a good cause, and the draft in Dolibarr that stands for it.
CREATE TABLE IF NOT EXISTS llx_loyalty_payouts (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    charity_id VARCHAR(64) NOT NULL,
    thirdparty_id BIGINT,
    amount_minor BIGINT NOT NULL,
    match_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    until_day VARCHAR(10) NOT NULL,
    made_at VARCHAR(27) NOT NULL,
    state VARCHAR(16) NOT NULL,
    document_id BIGINT,
    who VARCHAR(80) NOT NULL
);
