-- A document by its number.
CREATE INDEX IF NOT EXISTS llx_loyalty_documents_ref ON llx_loyalty_documents (ref);
