-- The records of groups that may be cut, as they count.

CREATE OR REPLACE TEMP TABLE cut AS SELECT record_id, person_id, period, capped, kind, low, high, counted, counted_high, own, own_high FROM counted;
