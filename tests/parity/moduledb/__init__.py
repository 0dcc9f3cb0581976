"""PyTorch's own module records (``module_db``) run against Rushlight."""
