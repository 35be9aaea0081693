-- What partners pay for the points of documents, in steps; only ever inserted. A document's rows count up from 1.
CREATE TABLE IF NOT EXISTS llx_loyalty_fundings (
    document_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    partner VARCHAR(64) NOT NULL,
    rule_id VARCHAR(64) NOT NULL,
    points BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    month VARCHAR(7) NOT NULL,
    booked_at VARCHAR(27) NOT NULL,
    program_hash VARCHAR(64) NOT NULL,
    cause_key VARCHAR(180) NOT NULL,
    PRIMARY KEY (document_id, number)
);
