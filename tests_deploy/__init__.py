"""The service as operators run it: nginx, two servers and PostgreSQL as real processes."""
