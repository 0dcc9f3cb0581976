"""The functions of ``rushlight.nn.functional``, one family a file."""
