"""The engines that operators run, as far as they can be had without Docker, started for tests."""
