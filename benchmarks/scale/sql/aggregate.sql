-- Aggregate first: sums by person, period and limit tell which limits can cut anything; only the records under those are put in order
-- ("counted.sql"). "judged" goes in; out come the tables "groups" (all sums) and "cut" (records of groups that may be cut).

CREATE OR REPLACE TEMP TABLE groups AS
SELECT person_id, period, capped, CAST(sum(low) AS BIGINT) AS low, CAST(sum(high) AS BIGINT) AS high,
    CAST(sum(CASE WHEN kind & 1 > 0 THEN low ELSE 0 END) AS BIGINT) AS professional,
    CAST(sum(CASE WHEN kind & 2 > 0 THEN 0 ELSE high END) AS BIGINT) AS professional_high,
    CAST(sum(CASE WHEN kind & 2 > 0 THEN low ELSE 0 END) AS BIGINT) AS public,
    CAST(sum(CASE WHEN kind & 4 > 0 THEN low ELSE 0 END) AS BIGINT) AS class_1, CAST(sum(CASE WHEN kind & 8 > 0 THEN low ELSE 0 END) AS BIGINT) AS class_2,
    CAST(sum(CASE WHEN kind & 16 > 0 THEN low ELSE 0 END) AS BIGINT) AS national
FROM judged GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE full_groups AS
SELECT person_id, period, capped FROM groups WHERE capped IS NOT NULL AND high > CASE capped WHEN 'year' THEN 450000 ELSE 225000 END;

CREATE OR REPLACE TEMP VIEW limited AS FROM judged SEMI JOIN full_groups USING (person_id, period, capped);
