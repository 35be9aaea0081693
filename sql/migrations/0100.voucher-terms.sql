-- What a voucher may be used for, and where it came from; one without a row has the usual terms.
CREATE TABLE IF NOT EXISTS llx_loyalty_voucher_terms (
    voucher_id VARCHAR(36) NOT NULL PRIMARY KEY,
    accounting VARCHAR(16) NOT NULL,
    source VARCHAR(16) NOT NULL,
    several BIGINT NOT NULL,
    bearer BIGINT NOT NULL,
    valid_from VARCHAR(10),
    minimum_minor BIGINT,
    excluded TEXT NOT NULL,
    sale_id BIGINT,
    sale_key VARCHAR(80),
    replaces VARCHAR(36),
    CONSTRAINT llx_loyalty_voucher_terms_sale UNIQUE (sale_key),
    CONSTRAINT llx_loyalty_voucher_terms_replaces UNIQUE (replaces),
    CONSTRAINT llx_loyalty_voucher_terms_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
