-- name: insert_lookup(id, at, source, is_staff, outcome, failed, typed_hash, voucher_id)!
-- An attempt to look a voucher up.
INSERT INTO llx_loyalty_lookups (id, at, source, is_staff, outcome, failed, typed_hash, voucher_id)
VALUES (:id, :at, :source, :is_staff, :outcome, :failed, :typed_hash, :voucher_id);

-- name: count_lookup_source(source, at)!
-- One attempt more of a source; holds its row until the attempt is written.
UPDATE llx_loyalty_lookup_sources SET attempts = attempts + 1, last_at = :at WHERE source = :source;

-- name: insert_lookup_source(source, at)!
-- The first attempt of a source.
INSERT INTO llx_loyalty_lookup_sources (source, attempts, last_at) VALUES (:source, 1, :at);

-- name: failed_lookups_of_source(source, since, limit)
-- When a source failed lately, the latest first.
SELECT at FROM llx_loyalty_lookups
WHERE source = :source AND failed = 1 AND at > :since ORDER BY at DESC LIMIT :limit;

-- name: failed_lookups(since, limit)
-- When anybody who is no staff failed lately, the latest first.
SELECT at FROM llx_loyalty_lookups
WHERE failed = 1 AND is_staff = 0 AND at > :since ORDER BY at DESC LIMIT :limit;

-- name: voucher_of_hash(code_hash)^
-- The id and the stored hash of the voucher with this hash.
SELECT id, code_hash FROM llx_loyalty_vouchers WHERE code_hash = :code_hash;

-- name: lookups_latest(failed, limit)
-- The latest attempts, with the last signs of the vouchers they found; (failed below 0) all, else the failed or the others.
SELECT l.*, v.last_four FROM llx_loyalty_lookups l
LEFT JOIN llx_loyalty_vouchers v ON v.id = l.voucher_id
WHERE :failed < 0 OR l.failed = :failed
ORDER BY l.id DESC LIMIT :limit;

-- name: print_run(name)^
-- A print run.
SELECT * FROM llx_loyalty_print_runs WHERE name = :name;

-- name: insert_print_run(name, terms, vouchers, who, made_at)!
-- A print run begins.
INSERT INTO llx_loyalty_print_runs (name, terms, vouchers, who, made_at)
VALUES (:name, :terms, :vouchers, :who, :made_at);

-- name: vouchers_of_hashes(hashes)
-- The vouchers with these hashes of codes.
SELECT code_hash, id FROM llx_loyalty_vouchers WHERE code_hash IN :hashes;

-- name: imported_cards(import_id)
-- What an import of cards brought in, read back from the register.
SELECT v.currency AS currency, COUNT(*) AS cards, SUM(m.amount_minor) AS amount_minor
FROM llx_loyalty_import_lines l
JOIN llx_loyalty_vouchers v ON v.request_key = l.line_key
JOIN llx_loyalty_voucher_moves m ON m.voucher_id = v.id AND m.kind = 'issued'
WHERE l.import_id = :import_id GROUP BY v.currency ORDER BY v.currency;

-- name: move_sums_to_export(voucher_ids)
-- What was moved of these vouchers, per kind.
SELECT voucher_id, kind, SUM(amount_minor) AS amount_minor
FROM llx_loyalty_voucher_moves WHERE voucher_id IN :voucher_ids GROUP BY voucher_id, kind;

-- name: uses_to_export(voucher_ids)
-- The invoices these vouchers were used on, with the numbers of the documents behind each use.
SELECT voucher_id, invoice_id, document FROM llx_loyalty_voucher_moves
WHERE voucher_id IN :voucher_ids AND kind = 'used' ORDER BY voucher_id, seq;

-- name: notes_to_export(voucher_ids)
-- The documents in Dolibarr that were made for these vouchers.
SELECT voucher_id, role, note_ref FROM llx_loyalty_voucher_notes
WHERE voucher_id IN :voucher_ids ORDER BY voucher_id, note_id;

-- name: bind_card_to_sale(voucher_id, sale_id, sale_key, replaces)!
-- A printed gift card is the one of a unit that was sold, or stands for the card that was issued for it.
UPDATE llx_loyalty_voucher_terms SET sale_id = :sale_id, sale_key = :sale_key, replaces = :replaces
WHERE voucher_id = :voucher_id;

-- name: name_product_of_card(voucher_id, product)!
-- The product that a printed gift card was sold as, by which a return finds it.
UPDATE llx_loyalty_vouchers SET product = :product WHERE id = :voucher_id;
