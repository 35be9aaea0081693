-- The documents of one customer by day.
CREATE INDEX IF NOT EXISTS llx_loyalty_documents_member ON llx_loyalty_documents (thirdparty_id, issued_on);
