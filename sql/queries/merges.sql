-- name: merge_of(gone_id)^
-- What is known of the merge of a vanished third party.
SELECT * FROM llx_loyalty_merges WHERE gone_id = :gone_id;

-- name: insert_merge(gone_id, kept_id, merged_at)!
-- A third party was merged into another.
INSERT INTO llx_loyalty_merges (gone_id, kept_id, merged_at, undone_at, restored_to)
VALUES (:gone_id, :kept_id, :merged_at, NULL, NULL);

-- name: undo_merge(gone_id, undone_at, restored_to)!
-- What a merge carried over was given to another third party.
UPDATE llx_loyalty_merges SET undone_at = :undone_at, restored_to = :restored_to WHERE gone_id = :gone_id;

-- name: key_of_entry(id)$
-- The idempotency key of an entry.
SELECT entry_key FROM llx_loyalty_entries WHERE id = :id;
