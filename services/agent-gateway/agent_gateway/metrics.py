"""The desk's figures. No label names a person."""

from prometheus_client import Counter, Gauge, Histogram

ACTS = Counter("ventanilla_agent_gateway_acts_total", "What agents asked for", ["kind", "outcome"])
ACT_SECONDS = Histogram(
    "ventanilla_agent_gateway_act_seconds",
    "From an agent's request to the router's word",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
LOGINS = Counter("ventanilla_agent_gateway_logins_total", "Tries to log in", ["result"])
SOCKETS = Gauge("ventanilla_agent_gateway_sockets", "Open desks")
PROJECTED = Counter("ventanilla_agent_gateway_projected_total", "Rows written by the projection", ["kind"])
