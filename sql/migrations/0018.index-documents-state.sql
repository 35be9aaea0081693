-- Documents that are still open.
CREATE INDEX IF NOT EXISTS llx_loyalty_documents_state ON llx_loyalty_documents (state, id);
