"""The wire side of the reader: RPC methods, and messages to values and back."""
