-- The sums of every person and year.

CREATE OR REPLACE TEMP VIEW sums AS
SELECT person_id, period,
    sum(CASE WHEN limited THEN 0 ELSE counted END) AS free, sum(CASE WHEN limited THEN 0 ELSE counted_high END) AS free_high,
    sum(CASE WHEN limited THEN low END) AS limited, sum(CASE WHEN limited THEN high END) AS limited_high,
    sum(low - counted) AS capped_off,
    sum(CASE WHEN kind & 1 > 0 THEN own ELSE 0 END) AS professional, sum(own_high) AS professional_high,
    sum(CASE WHEN kind & 2 > 0 THEN own ELSE 0 END) AS public,
    sum(CASE WHEN kind & 4 > 0 THEN counted ELSE 0 END) AS class_1, sum(CASE WHEN kind & 8 > 0 THEN counted ELSE 0 END) AS class_2,
    sum(CASE WHEN kind & 16 > 0 THEN counted ELSE 0 END) AS national
FROM amounts
GROUP BY ALL;
