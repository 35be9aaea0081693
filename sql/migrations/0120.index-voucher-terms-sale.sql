-- The gift cards that a document sold.
CREATE INDEX IF NOT EXISTS llx_loyalty_voucher_terms_sale_id ON llx_loyalty_voucher_terms (sale_id);
