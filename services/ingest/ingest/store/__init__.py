"""What ingest keeps: who stands for whom, where contacts are reached, and what became of each delivery."""
