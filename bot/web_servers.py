"""The web servers of a running service: for everybody, and for the operator.

Their libraries, which take 7 MB and a tenth of the start, are imported where there is one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from bot.bootstrap import Core
from bot.security.keys import encryption_keys, signing_key
from bot.settings.roles import Role
from bot.sign_in.address import PageAddress

if TYPE_CHECKING:
    from starlette.routing import Route

    from bot.cockpit.app import Cockpit
    from bot.cockpit.sources import Sources
    from bot.ops.web import WebServer

log = structlog.get_logger(__name__)

DEFAULT_PORT = 8080


@asynccontextmanager
async def web_server(core: Core) -> AsyncIterator["WebServer | None"]:
    """Run the web server where a port is set or an adapter has routes; else yield None. Raises `SettingsError`."""
    roles = core.settings.bot_roles
    receivers = core.adapters.values() if Role.RECEIVE in roles else ()
    routes = [route for adapter in receivers for route in adapter.routes]
    port = core.settings.bot_port
    if port is None and not routes and roles != (Role.WEB,):
        yield None
        return
    from bot.cockpit.lazy import LazyCockpit
    from bot.ops.status import closed_status_routes
    from bot.ops.web import WebServer, create_web

    has_token = core.settings.bot_ops_token is not None
    status = _status_routes(core) if has_token else closed_status_routes()
    address = PageAddress.from_settings(core.settings)
    has_pages = Role.WEB in roles and not address.problem
    pages = LazyCockpit(lambda: _make_cockpit(core, address)) if has_pages else None
    own = [] if pages is None else [pages.route]
    app = create_web(spool=core.spool, status=status, routes=[*own, *routes])
    port = DEFAULT_PORT if port is None else port
    host, timing, loops = core.settings.bot_host, core.timing.ops, core.loops
    async with WebServer(app, host=host, port=port, timing=timing, loops=loops) as server:
        log.info("listening", host=host, port=server.port)
        try:
            yield server
        finally:
            if pages is not None:
                pages.close()


@asynccontextmanager
async def ops_server(core: Core) -> AsyncIterator["WebServer | None"]:
    """Serve the operator where a port is set for it; else yield None. Raises `SettingsError`."""
    host, port = core.settings.bot_ops_host, core.settings.bot_ops_port
    if port is None:
        yield None
        return
    from bot.ops.web import WebServer, create_ops

    app = create_ops(_status_routes(core))
    timing, loops = core.timing.ops, core.loops
    async with WebServer(app, host=host, port=port, timing=timing, prefix="BOT_OPS", loops=loops) as server:
        log.info("listening for the operator", host=host, port=server.port)
        yield server


def _make_cockpit(core: Core, address: PageAddress) -> "Cockpit":
    from bot.cockpit.app import Cockpit  # the templates' library is slow to import

    settings = core.settings
    return Cockpit(_page_sources(core), address, secret=signing_key(settings), keys=encryption_keys(settings))


def _page_sources(core: Core) -> "Sources":
    """Return the parts of the service that the pages show and steer."""
    from bot.cockpit.identity.members import Members
    from bot.cockpit.sources import Sources

    return Sources(
        settings=core.settings,
        health=core.health,
        adapters=core.adapters,
        members=Members(core.adapters),
        rate_limiter=core.api.rate_limiter,
        circuits=lambda: core.breaker.states(core.api.base_url),
        metrics=core.metrics,
        registry=core.registry,
        spool=core.spool,
        scoped=core.scoped,
        approvals=core.approvals,
        schedules=core.schedules,
        composites=core.worker.composites,
        quotas=core.quotas,
        queue=core.store,
        journal=core.store,
        maintenance=core.store,
        request_log=core.store,
        running=lambda: core.worker.canceller.running,
        cancel=core.worker.canceller.cancel_event,
        retract=core.services.retract,
        check_words=core.check_words,
        values=core.store,
        audit_log=core.store,
        ledger=core.store,
        reports=core.store,
        places=core.store,
        processes=core.store,
        recorder=core.recorder,
    )


def _status_routes(core: Core) -> list["Route"]:
    from bot.ops.status import StatusEndpoints

    return StatusEndpoints(
        queue=core.store,
        journal=core.store,
        maintenance=core.store,
        spool=core.spool,
        api=core.api,
        metrics=core.metrics,
        roles=core.settings.bot_roles,
        health=core.health,
        failing=lambda: core.loops.failing,
        token=core.settings.bot_ops_token,
        timing=core.timing.ops,
    ).routes()
