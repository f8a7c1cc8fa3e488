-- What counts under the limits: a window over the records of each person, period and limit in the order of their days. The relation
-- "limited" goes in (the columns of "judged"); out comes "counted", with the bounds of each record.
-- "own", "own_high": what a record adds to the bounds of its subject. For the least, records of the subject are at their least and
-- the others at their most; for the most the reverse. A record without a subject may be professional.

CREATE OR REPLACE TEMP VIEW counted AS
WITH running AS (
    SELECT *, CASE capped WHEN 'year' THEN 450000 ELSE 225000 END AS room,
        CAST(coalesce(sum(high) OVER before, 0) AS BIGINT) AS taken,
        CAST(coalesce(sum(CASE kind & 3 WHEN 1 THEN low ELSE high END) OVER before, 0) AS BIGINT) AS taken_professional,
        CAST(coalesce(sum(CASE kind & 3 WHEN 2 THEN low ELSE high END) OVER before, 0) AS BIGINT) AS taken_public,
        CAST(coalesce(sum(low) OVER before, 0) AS BIGINT) AS taken_least
    FROM limited
    WINDOW before AS (PARTITION BY person_id, period, capped ORDER BY "end", record_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT *,
    CASE WHEN capped IS NULL THEN low ELSE least(low, greatest(0, room - taken)) END AS counted,
    CASE WHEN capped IS NULL THEN high ELSE least(high, greatest(0, room - taken_least)) END AS counted_high,
    CASE WHEN capped IS NULL THEN low
         ELSE least(low, greatest(0, room - CASE kind & 3 WHEN 1 THEN taken_professional WHEN 2 THEN taken_public ELSE taken END)) END AS own,
    CASE WHEN kind & 3 = 2 THEN 0 WHEN capped IS NULL THEN high ELSE least(high, greatest(0, room - taken_public)) END AS own_high
FROM running;
