"""HTTP sessions with a limit of redirects, and with old TLS for the one server that needs it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import gains

if TYPE_CHECKING:
    import requests

LEGACY_TLS_HOSTS = {"cs.adelaide.edu.au"}
"""Servers without secure renegotiation (RFC 5746), which OpenSSL 3 refuses by default."""

OP_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's option that allows them; Python names it from 3.12 on."""

MOST_REDIRECTS = 10


def legacy_context() -> ssl.SSLContext:
    """Return a TLS context for these servers; certificate and host name are still checked."""
    context = ssl.create_default_context()
    context.options |= OP_LEGACY_SERVER_CONNECT
    return context


def session() -> requests.Session:
    """Return a session that follows redirects to http(s) only, as requests does."""
    import requests
    from requests.adapters import HTTPAdapter

    class LegacyAdapter(HTTPAdapter):
        """An adapter for the servers of :data:`LEGACY_TLS_HOSTS`, directly or through a proxy."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=legacy_context())

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            return super().proxy_manager_for(proxy, **kwargs, ssl_context=legacy_context())

    made = requests.Session()
    made.max_redirects = MOST_REDIRECTS
    # Without compression, sizes and offsets are those of the file.
    made.headers.update({"User-Agent": f"gains/{gains.__version__}", "Accept-Encoding": "identity"})
    for host in LEGACY_TLS_HOSTS:
        made.mount(f"https://{host}/", LegacyAdapter())
    return made
