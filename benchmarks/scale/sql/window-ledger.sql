-- The ledger of every record, and from it the sums of every person and year.

COPY (
    SELECT record_id, person_id, period, converted, counted, recognise_rule, convert_rule,
        CASE WHEN counted < low OR counted_high < high THEN CASE capped WHEN 'year' THEN 'sichuan/self-study-cap@2016'::cap_rule ELSE 'medical/project-cap' END
             ELSE '' END AS cap_rule,
        CASE WHEN reason = 'counted' AND counted < low THEN 'capped'::reason ELSE reason END AS reason,
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
