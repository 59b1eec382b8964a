"""Every figure of billing for Prometheus. Labels hold names of ours, never a contact."""

from prometheus_client import Counter, Gauge

RECEIVED = Counter(
    "ventanilla_billing_statuses_received_total",
    "Statuses read; with those released it equals the sum of all outcomes, or something is wrong",
)
RELEASED = Counter(
    "ventanilla_billing_statuses_released_total",
    "Statuses that have had another outcome since: their time came, or they turned out to be of an echo",
)
STATUSES = Counter(
    "ventanilla_billing_statuses_total",
    "Statuses read, by what became of them (counted, duplicate, excluded, quarantined, moved)",
    ["outcome"],
)
REASONS = Counter(
    "ventanilla_billing_status_reasons_total",
    "The same, each with its reason (see billing.domain.meter)",
    ["outcome", "reason"],
)
USED = Gauge("ventanilla_billing_sessions_used", "Sessions of the current month", ["channel"])
LEFT = Gauge("ventanilla_billing_sessions_left", "Sessions that the month's allotment has left", ["channel"])
OVERAGE = Gauge("ventanilla_billing_sessions_overage", "Sessions beyond the month's allotment", ["channel"])
INCLUDED = Gauge("ventanilla_billing_allotment_sessions", "Sessions that a month includes", ["channel"])
UNACCOUNTED = Gauge(
    "ventanilla_billing_unaccounted_statuses",
    "Statuses that do not add up, by the meters' own count or against Kafka's; anything but 0 is wrong",
)
