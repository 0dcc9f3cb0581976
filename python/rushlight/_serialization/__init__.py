"""How checkpoints are written and read; ``rushlight.serialization`` is the API."""
