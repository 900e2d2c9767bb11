"""Organizations, their clients, groups and grants: who calls, and what they may use."""
