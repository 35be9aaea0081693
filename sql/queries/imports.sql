-- name: directory_page(last_id, limit)
-- Everything a third party can be called by, by id; those that are gone too.
SELECT thirdparty_id, name, email, customer_code, card_number, joined_at, left_at, gone_at, merged_into
FROM llx_loyalty_members WHERE thirdparty_id > :last_id ORDER BY thirdparty_id LIMIT :limit;

-- name: entry_hashes_by_keys(entry_keys)
-- The entries of these idempotency keys.
SELECT entry_key, input_hash FROM llx_loyalty_entries WHERE entry_key IN :entry_keys;

-- name: entry_hashes_by_ids(entry_ids)
-- The chain hashes of these entries, to know the lots of an export of this very ledger again.
SELECT id, hash FROM llx_loyalty_entries WHERE id IN :entry_ids;

-- name: import_lines_by_keys(line_keys)
-- Lines that were carried out already.
SELECT line_key, input_hash FROM llx_loyalty_import_lines WHERE line_key IN :line_keys;

-- name: import_line_content(line_key)$
-- What a line asked for.
SELECT content FROM llx_loyalty_import_lines WHERE line_key = :line_key;

-- name: insert_import_line(line_key, import_id, kind, thirdparty_id, content, input_hash)!
-- A line was carried out.
INSERT INTO llx_loyalty_import_lines (line_key, import_id, kind, thirdparty_id, content, input_hash)
VALUES (:line_key, :import_id, :kind, :thirdparty_id, :content, :input_hash);

-- name: insert_import(id, file_name, sha256, reason, who, line_count, new_count, known_count, member_count, made_at)!
-- An import begins.
INSERT INTO llx_loyalty_imports (
    id, file_name, sha256, reason, who, line_count, new_count, known_count, member_count, made_at, finished_at
) VALUES (
    :id, :file_name, :sha256, :reason, :who, :line_count, :new_count, :known_count, :member_count, :made_at, NULL
);

-- name: finish_import(id, finished_at)!
-- All of an import is in.
UPDATE llx_loyalty_imports SET finished_at = :finished_at WHERE id = :id;

-- name: import_by_id(id)^
-- One import.
SELECT * FROM llx_loyalty_imports WHERE id = :id;

-- name: imports_list(limit)
-- Imports, the newest first.
SELECT * FROM llx_loyalty_imports ORDER BY id DESC LIMIT :limit;

-- name: import_sums(import_id)
-- What an import booked, from the entries themselves, per unit.
SELECT a.unit AS unit, COUNT(*) AS entries, SUM(e.points) AS points,
       COUNT(DISTINCT a.thirdparty_id) AS members, MIN(e.id) AS first_entry, MAX(e.id) AS last_entry
FROM llx_loyalty_entries e JOIN llx_loyalty_accounts a ON a.id = e.account_id
WHERE e.cause_kind = 'import' AND e.cause_id = :import_id GROUP BY a.unit ORDER BY a.unit;

-- name: import_line_counts(import_id)
-- How many lines of an import that are no points were carried out, per kind.
SELECT kind, COUNT(*) AS line_count FROM llx_loyalty_import_lines
WHERE import_id = :import_id GROUP BY kind ORDER BY kind;

-- name: lots_to_export(thirdparty_ids, now)
-- The open lots of these members that are not over, with their units and the hashes of their entries.
SELECT l.*, a.thirdparty_id AS thirdparty_id, a.unit AS unit, e.hash AS hash
FROM llx_loyalty_accounts a
JOIN llx_loyalty_lots l ON l.account_id = a.id
JOIN llx_loyalty_entries e ON e.id = l.id
WHERE a.thirdparty_id IN :thirdparty_ids AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > :now)
ORDER BY a.thirdparty_id, a.unit, l.opened_at, l.id;

-- name: debts_to_export(thirdparty_ids)
-- What these members owe, with the last hash of each account.
SELECT thirdparty_id, unit, debt, seq, head, id FROM llx_loyalty_accounts
WHERE thirdparty_id IN :thirdparty_ids AND debt > 0 ORDER BY thirdparty_id, unit;
