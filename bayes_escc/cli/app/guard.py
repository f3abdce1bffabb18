"""Who may ask the page: this computer, with the address that was opened, from the page itself.

A page on 127.0.0.1 is reached by every program and, through its browser, by every site the user visits. So the address
carries a token once, which becomes a cookie; host and origin are checked on every request and forms carry a secret.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final

from flask import Flask, abort, redirect, request

__all__ = ["Guard"]

COOKIE: Final = "bayes_escc"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """The secrets of one session, and the checks of every request.

    Parameters
    ----------
    port : int
        To which the server is bound; of the names of this computer.
    """

    def __init__(self, port: int) -> None:
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._token: str | None = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self.form_secret = secrets.token_urlsafe(32)

    @property
    def token(self) -> str:
        """The token of the address to open; blank once it was used."""
        return self._token or ""

    def watch(self, app: Flask) -> None:
        """Check every request of an application, and mark every answer."""
        app.before_request(self._check)
        app.after_request(self._mark)

    def _check(self) -> Any:
        if request.host not in self.hosts:
            abort(403, "This page answers only to its own address on this computer.")
        if request.path == "/open":
            return self._open()
        given = request.cookies.get(COOKIE, "")
        if not hmac.compare_digest(given.encode(), self._session.encode()):
            abort(403, "Open the address that bayes-escc app printed; it works once, and only on this computer.")
        if request.method not in {"GET", "HEAD", "POST"}:
            abort(405)
        if request.method == "POST":
            self._check_form()
        return None

    def _open(self) -> Any:
        given = request.args.get("token", "")
        if self._token is None or not hmac.compare_digest(given.encode(), self._token.encode()):
            abort(403, "This address was used already. Start bayes-escc app again.")
        self._token = None
        answer = redirect("/")
        answer.set_cookie(COOKIE, self._session, httponly=True, samesite="Strict", path="/")
        return answer

    def _check_form(self) -> None:
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site")
        if origin == "null" and site == "same-origin":
            origin = None  # what a browser sends where no referrer is told
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            abort(403, "A form of another page is not taken.")
        if site is not None and site not in {"same-origin", "none"}:
            abort(403, "A form of another page is not taken.")
        if origin is None and site is None:
            abort(403, "It is not said where this form comes from.")
        if not hmac.compare_digest(request.form.get("secret", "").encode(), self.form_secret.encode()):
            abort(403, "This form is out of date: go back, load the page again, and send it once more.")

    def _mark(self, answer: Any) -> Any:
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer
