"""Every figure that ingest counts, in one place. No label holds anything that a stranger can choose."""

from prometheus_client import Counter, Gauge, Histogram

WEBHOOKS = Counter("ventanilla_ingest_webhooks_total", "Webhook requests by what became of them", ["outcome"])
SHED = Counter(
    "ventanilla_ingest_shed_total",
    "Turned away before anything was accepted, because of too many requests, bytes or sockets in hand",
    ["channel", "reason"],
)
IN_WORK = Gauge("ventanilla_ingest_in_work", "Requests being worked on", ["channel"])
LARGE_BYTES = Gauge("ventanilla_ingest_large_bytes", "Bytes held by large requests", ["channel"])
MESSAGES = Counter(
    "ventanilla_ingest_messages_total", "Messages taken from webhooks, redeliveries included", ["type"]
)
ECHOES = Counter(
    "ventanilla_ingest_echoes_total",
    "Messages sent from a number's own telephone, as webhooks tell",
    ["type"],
)
STATUSES = Counter("ventanilla_ingest_statuses_total", "Statuses taken from webhooks", ["status"])
REJECTS = Counter("ventanilla_ingest_rejects_total", "Parts of webhooks put to the dead letters", ["reason"])
LINKS = Counter("ventanilla_ingest_contact_links_total", "Announcements that two ids are one person")
SENDS = Counter(
    "ventanilla_ingest_sends_total",
    "Requests to a provider: accepted, retry, rejected",
    ["channel", "outcome"],
)
SEND_SECONDS = Histogram("ventanilla_ingest_send_seconds", "Time of one request to a provider", ["channel"])
DELIVERIES = Counter(
    "ventanilla_ingest_deliveries_total",
    "Outbound messages by what became of them: accepted, failed, refused",
    ["channel", "outcome"],
)
DELIVERY_SECONDS = Histogram(
    "ventanilla_ingest_delivery_seconds",
    "From an outbound message's record in Kafka to the provider's acceptance of its last part",
    ["channel"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600),
)
