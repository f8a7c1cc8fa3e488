"""The county of the statistics, judged in 2016."""

from tests.stats.conftest import county, of_2016, of_2017  # noqa: F401
