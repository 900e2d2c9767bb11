"""On a real Citus cluster: ``CITUS_DSN=... make test-citus``."""
