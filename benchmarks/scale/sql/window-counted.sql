-- What counts of every record, without a ledger.

CREATE OR REPLACE TEMP VIEW amounts AS
SELECT *, capped = 'year' AS limited FROM counted;
