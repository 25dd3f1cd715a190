"""Owns the one secret that callers share with the gateway, whichever way they speak to it."""

from __future__ import annotations

import hmac

from gateway.errors import BadToken

BEARER = "bearer"


def check_token(token: str, authorization: str) -> None:
    """Returns if `authorization` ("Bearer …") presents the token, or if there is none. Raises BadToken."""
    scheme, _, presented = authorization.partition(" ")
    knows = scheme.lower() == BEARER and hmac.compare_digest(presented.strip().encode(), token.encode())
    if token and not knows:
        raise BadToken("a token is needed: Authorization: Bearer …")
