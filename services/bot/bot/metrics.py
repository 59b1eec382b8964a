"""What the bot counts. Labels are stable words and configured keys, never anything of a citizen's."""

from prometheus_client import Counter, Histogram

TURNS = Counter(
    "ventanilla_bot_turns_total",
    "Turns answered, by outcome, by the stable word that says how, and by category",
    ["outcome", "reason", "category"],
)
MISSES = Counter(
    "ventanilla_bot_misses_total", "Turns that were not understood or had no answer, by why", ["reason"]
)
CONFIDENCE = Histogram(
    "ventanilla_bot_confidence_ratio",
    "How sure the bot was of a sentence, 0 to 1",
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0),
)
