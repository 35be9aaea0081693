-- name: program_acts()
-- Every change of the program in force, the first one first.
SELECT * FROM llx_loyalty_program_acts ORDER BY number;

-- name: last_program_act()^
-- The newest change of the program in force.
SELECT * FROM llx_loyalty_program_acts ORDER BY number DESC LIMIT 1;

-- name: grandfathering_acts(today)
-- The changes before which members still have the old terms on a day.
SELECT * FROM llx_loyalty_program_acts WHERE grandfather_until >= :today ORDER BY number;

-- name: insert_program_act(number, hash, previous_hash, applied_at, who, reason, grandfather_until)!
-- Another version of the program comes into force.
INSERT INTO llx_loyalty_program_acts (number, hash, previous_hash, applied_at, who, reason, grandfather_until)
VALUES (:number, :hash, :previous_hash, :applied_at, :who, :reason, :grandfather_until);

-- name: newest_program_version()$
-- The version that was last kept, where nobody wrote down yet what is in force.
SELECT hash FROM llx_loyalty_program_versions ORDER BY applied_at DESC, hash LIMIT 1;
