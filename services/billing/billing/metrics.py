"""Every figure of billing for Prometheus. Labels hold names of ours, never a contact."""

from prometheus_client import Counter, Gauge

STATUSES = Counter(
    "ventanilla_billing_statuses_total",
    "Statuses read, by what they meant for the meter (counted, known, not_delivered, moved)",
    ["outcome"],
)
USED = Gauge("ventanilla_billing_sessions_used", "Sessions of the current month", ["channel"])
LEFT = Gauge("ventanilla_billing_sessions_left", "Sessions that the month's allotment has left", ["channel"])
OVERAGE = Gauge("ventanilla_billing_sessions_overage", "Sessions beyond the month's allotment", ["channel"])
INCLUDED = Gauge("ventanilla_billing_allotment_sessions", "Sessions that a month includes", ["channel"])
