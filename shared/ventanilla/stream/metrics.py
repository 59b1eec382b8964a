"""Every metric of the streams, in one place. Labels hold names of ours, never a key or an id."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter(
    "ventanilla_stream_records_total",
    "Records consumed, by what became of them (processed, repeated, dead_letter)",
    ["group", "outcome"],
)
BATCH_SECONDS = Histogram(
    "ventanilla_stream_batch_seconds",
    "Time from a batch in hand to its offsets committed",
    ["group"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FAILURES = Counter("ventanilla_stream_failures_total", "Batches that failed and are tried again", ["group"])
CONFLICTS = Counter(
    "ventanilla_stream_conflicts_total", "States that another process had written first", ["group"]
)
LAG_RECORDS = Gauge(
    "ventanilla_stream_lag_records", "Records not yet processed", ["group", "topic", "partition"]
)
LAG_SECONDS = Gauge(
    "ventanilla_stream_lag_seconds", "Age of the oldest record in hand when it was processed", ["group"]
)
IN_FLIGHT = Gauge("ventanilla_stream_in_flight", "Records being worked on", ["group"])
