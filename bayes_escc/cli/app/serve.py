"""Starts the server: on this computer only, on a free port, until it is interrupted."""

from __future__ import annotations

import json
import signal
import webbrowser
from pathlib import Path

from waitress import create_server

from bayes_escc.cli.app.guard import Guard
from bayes_escc.cli.app.server import create_app
from bayes_escc.cli.app.session import Page
from bayes_escc.cli.app.workspace import Workspace
from bayes_escc.report.quantities import Language

__all__ = ["serve"]


def serve(
    folder: str | Path,
    *,
    sheet: str | Path | None = None,
    language: Language = "en",
    browser: bool = True,
    as_json: bool = False,
) -> int:
    """Answer on 127.0.0.1 until Ctrl-C.

    Parameters
    ----------
    folder : path
        Where everything is kept.
    sheet : path, optional
        To begin with; it is read where it stands.
    language : {"en", "zh"}
    browser : bool
        Whether to open the address.
    as_json : bool
        Whether the address is printed as JSON.
    """
    workspace = Workspace(Path(folder).resolve(), language)
    if sheet is not None:
        path = Path(sheet).resolve()
        workspace.use(path, path.name)
        workspace.decide()  # refused here rather than on the page
    server = create_server(_later, host="127.0.0.1", port=0, threads=4, ident="", clear_untrusted_proxy_headers=True)
    guard = Guard(server.effective_port)
    page = Page(workspace, guard)
    server.application = create_app(page)
    address = f"http://127.0.0.1:{server.effective_port}/open?token={guard.token}"
    told = f"Open {address}\nIt works once, on this computer. Everything is kept in {workspace.folder}. Ctrl-C ends it."
    print(json.dumps({"address": address, "folder": str(workspace.folder)}) if as_json else told, flush=True)
    if browser:
        webbrowser.open(address)
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        page.stop()
        server.close()
        signal.signal(signal.SIGTERM, previous)
    return 0


def _later(*_: object) -> list[bytes]:  # pragma: no cover (replaced before it serves)
    raise RuntimeError("the application is not ready")
