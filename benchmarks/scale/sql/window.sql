-- The ledger by a window over the records of each person, period and limit in the order of their days; decisions from it.
-- "own": what a record adds to the least of its subject: those of the subject at their least, the others at their most.

COPY (
    WITH running AS (
        SELECT *, CASE capped WHEN 'year' THEN 450000 ELSE 225000 END AS room,
            CAST(coalesce(sum(high) OVER before, 0) AS BIGINT) AS taken,
            CAST(coalesce(sum(CASE kind & 3 WHEN 1 THEN low ELSE high END) OVER before, 0) AS BIGINT) AS taken_professional,
            CAST(coalesce(sum(CASE kind & 3 WHEN 2 THEN low ELSE high END) OVER before, 0) AS BIGINT) AS taken_public,
            CAST(coalesce(sum(low) OVER before, 0) AS BIGINT) AS taken_least
        FROM judged
        WINDOW before AS (PARTITION BY person_id, period, capped ORDER BY "end", record_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), counted AS (
        SELECT *,
            CASE WHEN capped IS NULL THEN low ELSE least(low, greatest(0, room - taken)) END AS counted,
            CASE WHEN capped IS NULL THEN high ELSE least(high, greatest(0, room - taken_least)) END AS counted_high,
            CASE WHEN capped IS NULL THEN low
                 ELSE least(low, greatest(0, room - CASE kind & 3 WHEN 1 THEN taken_professional WHEN 2 THEN taken_public ELSE taken END)) END AS own,
            CASE WHEN kind & 3 <> 1 AND kind & 3 <> 0 THEN 0 WHEN capped IS NULL THEN high ELSE least(high, greatest(0, room - taken_public)) END AS own_high
        FROM running
    )
    SELECT record_id, person_id, period, converted, counted, recognise_rule, convert_rule,
        CASE WHEN counted < low OR counted_high < high THEN CASE capped WHEN 'year' THEN 'sichuan/self-study-cap@2016' ELSE 'medical/project-cap' END
             ELSE '' END AS cap_rule,
        CASE WHEN reason = 'counted' AND counted < low THEN 'capped' ELSE reason END AS reason,
        converted_high, counted_high, own, own_high, kind
    FROM counted
) TO '$out/ledger.parquet' (FORMAT parquet);

CREATE OR REPLACE TEMP VIEW sums AS
SELECT person_id, period,
    sum(CASE WHEN limited THEN 0 ELSE counted END) AS free, sum(CASE WHEN limited THEN 0 ELSE counted_high END) AS free_high,
    sum(CASE WHEN limited THEN low END) AS limited, sum(CASE WHEN limited THEN high END) AS limited_high,
    sum(low - counted) AS capped_off,
    sum(CASE WHEN kind & 1 > 0 THEN own ELSE 0 END) AS professional, sum(own_high) AS professional_high,
    sum(CASE WHEN kind & 2 > 0 THEN own ELSE 0 END) AS public,
    sum(CASE WHEN kind & 4 > 0 THEN counted ELSE 0 END) AS class_1, sum(CASE WHEN kind & 8 > 0 THEN counted ELSE 0 END) AS class_2,
    sum(CASE WHEN kind & 16 > 0 THEN counted ELSE 0 END) AS national
FROM (SELECT *, convert_rule IN ('sichuan/self-study-hours@2016', 'sichuan/publication-hours@2016') AS limited,
             CASE WHEN reason IN ('counted', 'capped') THEN converted ELSE 0 END AS low,
             CASE WHEN reason IN ('counted', 'capped', 'missing_fact') THEN converted_high ELSE 0 END AS high
      FROM '$out/ledger.parquet')
GROUP BY ALL;
