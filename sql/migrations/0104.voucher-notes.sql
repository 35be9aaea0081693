-- The documents in Dolibarr that were made for a voucher: credit notes, deposits, counter invoices.
CREATE TABLE IF NOT EXISTS llx_loyalty_voucher_notes (
    voucher_id VARCHAR(36) NOT NULL,
    note_id BIGINT NOT NULL,
    note_ref VARCHAR(64) NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    role VARCHAR(16) NOT NULL,
    gross_minor BIGINT NOT NULL,
    at VARCHAR(27) NOT NULL,
    PRIMARY KEY (voucher_id, note_id),
    CONSTRAINT llx_loyalty_voucher_notes_voucher FOREIGN KEY (voucher_id) REFERENCES llx_loyalty_vouchers (id)
);
