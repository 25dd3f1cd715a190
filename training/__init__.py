"""Makes the embedded reader: nothing in the services imports this package."""
