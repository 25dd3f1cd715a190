"""How a process of ours lives, what its errors say and what it logs. Knows no domain and imports none."""
