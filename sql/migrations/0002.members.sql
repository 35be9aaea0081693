-- Third parties of Dolibarr as the program knows them; merged_into names the one that took over.
CREATE TABLE IF NOT EXISTS llx_loyalty_members (
    thirdparty_id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    email VARCHAR(255) NOT NULL,
    customer_code VARCHAR(64) NOT NULL,
    card_number VARCHAR(180) NOT NULL,
    locale VARCHAR(8) NOT NULL,
    country VARCHAR(8) NOT NULL,
    is_company BIGINT NOT NULL,
    is_customer BIGINT NOT NULL,
    tags TEXT NOT NULL,
    created_at VARCHAR(27),
    modified_at VARCHAR(27),
    joined_at VARCHAR(27),
    left_at VARCHAR(27),
    gone_at VARCHAR(27),
    merged_into BIGINT,
    shown TEXT,
    near_rewards TEXT
);
