-- An invoice with its credit notes.
CREATE INDEX IF NOT EXISTS llx_loyalty_documents_root ON llx_loyalty_documents (root_id);
