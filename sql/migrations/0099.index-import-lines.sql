-- The lines of one import.
CREATE INDEX IF NOT EXISTS llx_loyalty_import_lines_import ON llx_loyalty_import_lines (import_id, kind);
