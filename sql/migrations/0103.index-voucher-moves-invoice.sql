-- The vouchers on an invoice.
CREATE INDEX IF NOT EXISTS llx_loyalty_voucher_moves_invoice ON llx_loyalty_voucher_moves (invoice_id);
