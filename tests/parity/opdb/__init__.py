"""PyTorch's own op records (``op_db``) run against Rushlight: opdb_report.py."""
