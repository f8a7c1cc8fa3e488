-- Every record is put in order.

CREATE OR REPLACE TEMP VIEW limited AS FROM judged;
