"""The ground that every Ventanilla service stands on: contracts, topics, streams, store, configuration."""
