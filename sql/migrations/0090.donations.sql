-- Points given to good causes and taken back; a row that takes back has the signs turned and names its gift.
CREATE TABLE IF NOT EXISTS llx_loyalty_donations (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    thirdparty_id BIGINT NOT NULL,
    charity_id VARCHAR(64) NOT NULL,
    points BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    match_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    given_at VARCHAR(27) NOT NULL,
    given_year BIGINT NOT NULL,
    request_key VARCHAR(120) NOT NULL,
    reverses_id VARCHAR(36),
    who VARCHAR(80) NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT llx_loyalty_donations_request UNIQUE (request_key),
    CONSTRAINT llx_loyalty_donations_reverses UNIQUE (reverses_id)
);
