"""How the gateway speaks HTTP: who is let in, what failures are called, how events stream. Knows no document."""
