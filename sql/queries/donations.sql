-- name: insert_donation(id, thirdparty_id, charity_id, points, amount_minor, match_minor, currency, given_at, given_year, request_key, reverses_id, who, note)!
-- Points given to a good cause, or taken back.
INSERT INTO llx_loyalty_donations (
    id, thirdparty_id, charity_id, points, amount_minor, match_minor, currency, given_at, given_year, request_key,
    reverses_id, who, note
) VALUES (
    :id, :thirdparty_id, :charity_id, :points, :amount_minor, :match_minor, :currency, :given_at, :given_year,
    :request_key, :reverses_id, :who, :note
);

-- name: donation_by_id(id)^
-- One gift.
SELECT * FROM llx_loyalty_donations WHERE id = :id;

-- name: donation_by_request(request_key)^
-- The gift of an idempotency key.
SELECT * FROM llx_loyalty_donations WHERE request_key = :request_key;

-- name: donation_taken_back(reverses_id)^
-- What took a gift back.
SELECT * FROM llx_loyalty_donations WHERE reverses_id = :reverses_id;

-- name: donations_of_member(thirdparty_id)
-- What a member gave to each cause in all, less what was taken back.
SELECT charity_id, currency, SUM(points) AS points, SUM(amount_minor) AS amount_minor,
       SUM(match_minor) AS match_minor
FROM llx_loyalty_donations WHERE thirdparty_id = :thirdparty_id
GROUP BY charity_id, currency ORDER BY charity_id, currency;

-- name: donations_page(last_id, limit)
-- Gifts by id, for verifying.
SELECT * FROM llx_loyalty_donations WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: donations_unpaid(charity_id, until_at)
-- Gifts to a cause before a moment that no payout pays yet.
SELECT d.* FROM llx_loyalty_donations d
LEFT JOIN llx_loyalty_payout_items p ON p.donation_id = d.id
WHERE d.charity_id = :charity_id AND d.given_at < :until_at AND p.donation_id IS NULL ORDER BY d.id;

-- name: donation_payout(donation_id)$
-- The payout that pays a gift.
SELECT payout_id FROM llx_loyalty_payout_items WHERE donation_id = :donation_id;

-- name: donations_by_charity()
-- What was given to each cause, and by how many.
SELECT charity_id, currency, COUNT(DISTINCT thirdparty_id) AS givers, SUM(points) AS points,
       SUM(amount_minor) AS amount_minor, SUM(match_minor) AS match_minor
FROM llx_loyalty_donations GROUP BY charity_id, currency ORDER BY charity_id, currency;

-- name: donations_of_year(thirdparty_id, given_year)
-- What a member gave to each cause in a year, less what was taken back.
SELECT charity_id, currency, SUM(points) AS points, SUM(amount_minor) AS amount_minor,
       SUM(match_minor) AS match_minor
FROM llx_loyalty_donations WHERE given_year = :given_year AND thirdparty_id = :thirdparty_id
GROUP BY charity_id, currency ORDER BY charity_id, currency;

-- name: givers_of_year(given_year, last_id, limit)
-- Members who gave in a year, in pages.
SELECT thirdparty_id FROM llx_loyalty_donations
WHERE given_year = :given_year AND thirdparty_id > :last_id
GROUP BY thirdparty_id ORDER BY thirdparty_id LIMIT :limit;

-- name: matches_by_year()
-- What the merchant added per cause and year, to compare with the limit's counter.
SELECT charity_id, given_year, SUM(match_minor) AS match_minor
FROM llx_loyalty_donations GROUP BY charity_id, given_year ORDER BY charity_id, given_year;

-- name: insert_payout(id, charity_id, thirdparty_id, amount_minor, match_minor, currency, until_day, made_at, state, who)!
-- A payout begins.
INSERT INTO llx_loyalty_payouts (
    id, charity_id, thirdparty_id, amount_minor, match_minor, currency, until_day, made_at, state, document_id, who
) VALUES (
    :id, :charity_id, :thirdparty_id, :amount_minor, :match_minor, :currency, :until_day, :made_at, :state, NULL,
    :who
);

-- name: insert_payout_item(donation_id, payout_id)!
-- A payout pays a gift.
INSERT INTO llx_loyalty_payout_items (donation_id, payout_id) VALUES (:donation_id, :payout_id);

-- name: finish_payout(id, state, document_id)!
-- A payout has its draft in Dolibarr, or was paid by hand.
UPDATE llx_loyalty_payouts SET state = :state, document_id = :document_id WHERE id = :id AND state = 'open';

-- name: payout_open(charity_id)^
-- The payout of a cause that waits for its draft.
SELECT * FROM llx_loyalty_payouts WHERE charity_id = :charity_id AND state = 'open' ORDER BY id LIMIT 1;

-- name: payouts_page(last_id, limit)
-- Payouts by id.
SELECT * FROM llx_loyalty_payouts WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: payouts_by_charity()
-- What was paid to each cause, and what of it waits for its draft.
SELECT charity_id, currency, state, SUM(amount_minor + match_minor) AS paid_minor
FROM llx_loyalty_payouts GROUP BY charity_id, currency, state ORDER BY charity_id, currency, state;

-- name: payout_items_sum(payout_id)^
-- What the gifts of a payout come to.
SELECT COALESCE(SUM(d.amount_minor), 0) AS amount_minor, COALESCE(SUM(d.match_minor), 0) AS match_minor
FROM llx_loyalty_payout_items p JOIN llx_loyalty_donations d ON d.id = p.donation_id
WHERE p.payout_id = :payout_id;

-- name: reassign_donations(old_id, new_id)!
-- The gifts of a merged customer go with the customer.
UPDATE llx_loyalty_donations SET thirdparty_id = :new_id WHERE thirdparty_id = :old_id;
