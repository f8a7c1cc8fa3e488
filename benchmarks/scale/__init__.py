"""What judging 1 to 50 million records costs, beside other ways of doing the same: ``python -m benchmarks.scale``."""
