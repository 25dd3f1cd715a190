"""Owns who is let in over HTTP: the token, if one is set, and no web page but our own.

A browser lets every page on the web send requests to a service on its user's machine. What it says of the sender, and
which name the service is called by, tells ours from theirs.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.access import check_token
from gateway.errors import ForeignPage

OWN_SITES = ("same-origin", "none")


@dataclass(frozen=True)
class Guard:
    """`token` empty lets everyone in; `loopback` says that the service listens for this machine alone."""

    token: str = ""
    loopback: bool = False

    def admit(self, host: str, headers: Mapping[str, str], *, public: bool) -> None:
        """Returns if the request may pass; `public` requests need no token. Raises ForeignPage, BadToken."""
        if not is_own_page(host, headers):
            raise ForeignPage("another site's page may not call this service")
        if self.loopback and not self.token and not is_loopback(_name(host)):
            # A foreign page whose name was made to point here; with a token it would not get further either.
            raise ForeignPage(f"this service is for this machine alone and does not answer to {host!r}")
        if not public:
            check_token(self.token, headers.get("Authorization", ""))


def is_own_page(host: str, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page of ours, or from no page at all.

    Browsers say so themselves where the page is secure or local; elsewhere the origin must be where it is sent to.
    """
    site = headers.get("Sec-Fetch-Site")
    if site:
        return site in OWN_SITES
    origin = headers.get("Origin")
    return not origin or urlsplit(origin).netloc == host


def is_loopback(name: str) -> bool:
    """Whether a host name or address can mean this machine only."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The host without its port."""
    return urlsplit(f"//{host}").hostname or ""
