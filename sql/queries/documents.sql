-- name: documents_by_ids(ids)
-- Documents as last seen.
SELECT * FROM llx_loyalty_documents WHERE id IN :ids;

-- name: documents_by_roots(roots)
-- Invoices with the credit notes that belong to them.
SELECT * FROM llx_loyalty_documents WHERE root_id IN :roots ORDER BY id;

-- name: documents_by_ref(ref)
-- Documents with this number.
SELECT * FROM llx_loyalty_documents WHERE LOWER(ref) = :ref ORDER BY id;

-- name: documents_of_members(thirdparty_ids)
-- All documents of these customers, for caps over several documents.
SELECT * FROM llx_loyalty_documents WHERE thirdparty_id IN :thirdparty_ids AND id = root_id ORDER BY id;

-- name: roots_of_member(thirdparty_id)
-- The documents to decide on again when a customer joins, leaves or is merged.
SELECT id FROM llx_loyalty_documents WHERE thirdparty_id = :thirdparty_id AND id = root_id ORDER BY id;

-- name: known_documents(last_id, limit)
-- Ids of documents that Dolibarr still had when last seen.
SELECT id FROM llx_loyalty_documents WHERE id > :last_id AND state <> 'deleted' ORDER BY id LIMIT :limit;

-- name: documents_page(last_id, limit)
-- All documents as last seen, a page at a time.
SELECT * FROM llx_loyalty_documents WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: open_documents(last_id, limit)
-- Documents that were open when last seen: what paying with a credit changes without a trace.
SELECT id, kind FROM llx_loyalty_documents
WHERE id > :last_id AND state = 'validated' ORDER BY id LIMIT :limit;

-- name: insert_document(id, root_id, thirdparty_id, kind, state, ref, ref_ext, issued_on, occurred_at, gross_minor, currency, snapshot, snapshot_hash, program_hash, first_seen_at, seen_at, granted, granted_to, generation, claim, reasons)!
-- A document seen for the first time, with the program version it keeps.
INSERT INTO llx_loyalty_documents (
    id, root_id, thirdparty_id, kind, state, ref, ref_ext, issued_on, occurred_at, gross_minor, currency,
    snapshot, snapshot_hash, program_hash, first_seen_at, seen_at, granted, granted_to, generation, claim, reasons
) VALUES (
    :id, :root_id, :thirdparty_id, :kind, :state, :ref, :ref_ext, :issued_on, :occurred_at, :gross_minor,
    :currency, :snapshot, :snapshot_hash, :program_hash, :first_seen_at, :seen_at, :granted, :granted_to,
    :generation, :claim, :reasons
);

-- name: update_document(id, root_id, thirdparty_id, kind, state, ref, ref_ext, issued_on, occurred_at, gross_minor, currency, snapshot, snapshot_hash, seen_at, granted, granted_to, generation, claim, reasons, old_generation, old_snapshot_hash)!
-- A document seen again; nothing happens when another writer was faster.
UPDATE llx_loyalty_documents
SET root_id = :root_id, thirdparty_id = :thirdparty_id, kind = :kind, state = :state, ref = :ref,
    ref_ext = :ref_ext, issued_on = :issued_on, occurred_at = :occurred_at, gross_minor = :gross_minor,
    currency = :currency, snapshot = :snapshot, snapshot_hash = :snapshot_hash, seen_at = :seen_at,
    granted = :granted, granted_to = :granted_to, generation = :generation, claim = :claim, reasons = :reasons
WHERE id = :id AND generation = :old_generation AND snapshot_hash = :old_snapshot_hash;

-- name: count_documents()$
-- How many documents are known.
SELECT COUNT(*) FROM llx_loyalty_documents;

-- name: granted_page(last_id, limit)
-- What each document holds, for verifying.
SELECT id, ref, granted, granted_to FROM llx_loyalty_documents WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: documents_of_vouchers(prefix)
-- Credit notes that carry the name of a voucher.
SELECT * FROM llx_loyalty_documents
WHERE kind = 'credit_note' AND state <> 'deleted' AND ref_ext LIKE :prefix ORDER BY id;
